#include "plugins.h"

#include <cxxabi.h>
#include <dlfcn.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <typeinfo>
#include <utility>

namespace dqmhub {
namespace {

constexpr unsigned kPatienceS = 60;  // for a library to be loaded

std::vector<DQMRenderPlugin *> plugins;
std::vector<std::string> names;
std::string applied;
std::atomic<int32_t> nowhere{0}, *at_work = &nowhere;

// Calls plugin number `i`. If it does not come back, by a crash or an exception, its number stays for those who ask why.
template <typename Call> auto calling(size_t i, Call call) {
  struct Mark {
    int exceptions = std::uncaught_exceptions();
    explicit Mark(size_t i) { at_work->store(int32_t(i) + 1); }
    ~Mark() {
      if (std::uncaught_exceptions() == exceptions)
        at_work->store(0);
    }
  } mark(i);
  return call(*plugins[i]);
}

std::string class_name(const DQMRenderPlugin &plugin) {
  const char *mangled = typeid(plugin).name();
  const std::unique_ptr<char, decltype(&std::free)> name(abi::__cxa_demangle(mangled, nullptr, nullptr, nullptr), std::free);
  return name ? name.get() : mangled;
}

// Every symbol is looked for now, because a missing one would end a worker in the middle of a plot.
void load(const std::string &library, int argc, char **argv) {
  DQMRenderPlugin::master(&plugins);
  if (!dlopen(library.c_str(), RTLD_NOW | RTLD_GLOBAL))
    throw std::runtime_error(dlerror());
  for (const auto plugin : plugins)
    plugin->initialise(argc, argv);
}

[[noreturn]] void be_probe(int pipe, const std::string &library, int argc, char **argv) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  alarm(kPatienceS);
  std::string error;
  try {
    load(library, argc, argv);
  } catch (const std::exception &failure) {
    error = failure.what();
  }
  [[maybe_unused]] const auto written = write(pipe, error.data(), error.size());
  _exit(0);
}

// What goes wrong when the library is loaded, found out in a child for the sake of this process; "" when nothing does.
std::string probe(const std::string &library, int argc, char **argv) {
  int ends[2];
  const pid_t pid = pipe(ends) == 0 ? fork() : -1;
  if (pid < 0)
    return std::strerror(errno);
  if (pid == 0)
    be_probe(ends[1], library, argc, argv);
  close(ends[1]);
  std::string error;
  char part[512];
  for (ssize_t got; (got = read(ends[0], part, sizeof part)) > 0;)
    error.append(part, got);
  close(ends[0]);
  int status = 0;
  waitpid(pid, &status, 0);
  if (WIFSIGNALED(status))
    return library + (WTERMSIG(status) == SIGALRM ? ": takes more than a minute" : std::string(": dies of SIG") + sigabbrev_np(WTERMSIG(status)));
  return WEXITSTATUS(status) ? library + ": ends the program" : error;
}

VisDQMAxisInfo axis_info(const AxisSpec &axis) {
  constexpr double unset = std::numeric_limits<double>::quiet_NaN();
  return {axis.type, axis.min.value_or(unset), axis.max.value_or(unset)};
}

VisDQMObject object_info(const Request &request, TObject *object) {
  const std::string name(request.name);
  const auto slash = name.rfind('/');
  const bool nested = slash != name.npos;
  return {request.flags, request.version, nested ? name.substr(0, slash) : "", nested ? name.substr(slash + 1) : name, name, object};
}

VisDQMReference reference_info(Reference reference) {
  switch (reference) {
    case Reference::object:
      return DQM_REF_OBJECT;
    case Reference::ratio:
      return DQM_REF_OVERLAY_RATIO;
    case Reference::stacked:
      return DQM_REF_STACKED;
    default:
      return DQM_REF_OVERLAY;
  }
}

}  // namespace

std::vector<std::string> load_plugins(const std::string &library, int argc, char **argv) {
  if (const std::string error = probe(library, argc, argv); !error.empty())
    throw std::runtime_error(error);
  load(library, argc, argv);
  for (const auto plugin : plugins)
    names.push_back(class_name(*plugin));
  return names;
}

void watch_plugins(std::atomic<int32_t> &place) { at_work = &place; }

const char *plugin_name(int32_t number) { return number > 0 && size_t(number) <= names.size() ? names[number - 1].c_str() : ""; }

std::string take_applied() { return std::exchange(applied, ""); }

Plugged::Plugged(const Request &request, const Spec &spec, const std::vector<std::unique_ptr<TObject>> &objects) {
  if (plugins.empty())
    return;
  image_.imgspec = request.spec;
  image_.drawOptions = spec.options;
  const auto given = [](const std::string &label) { return !label.empty(); };
  const auto end = std::find_if(spec.labels.rbegin(), spec.labels.rend(), given).base();
  image_.reflabels.assign(spec.labels.begin(), end);
  for (const auto &object : objects)
    image_.objects.push_back(object_info(request, object.get()));
  image_.reference = reference_info(spec.reference);
  image_.trend = DQM_TREND_OBJECT;
  image_.width = spec.width;
  image_.height = spec.height;
  image_.showstats = spec.stats;
  image_.showerrbars = spec.errors;
  image_.ktest = spec.ktest;
  image_.xaxis = axis_info(spec.x);
  image_.yaxis = axis_info(spec.y);
  image_.zaxis = axis_info(spec.z);
  image_.refnorm = spec.norm;
  image_.json = spec.json;
  for (size_t i = 0; i < plugins.size(); ++i)
    if (calling(i, [this](DQMRenderPlugin &plugin) { return plugin.applies(image_.objects[0], image_); }))
      applying_.push_back(i);
  for (const size_t i : applying_)
    applied += (applied.empty() ? "" : ", ") + names[i];
}

void Plugged::before(TCanvas &canvas, Spec &spec, std::vector<std::unique_ptr<TObject>> &objects) {
  VisDQMRenderInfo how = {spec.options, false};
  for (const size_t i : applying_) {
    calling(i, [&](DQMRenderPlugin &plugin) { plugin.preDraw(&canvas, image_.objects[0], image_, how); });
    take_back(objects);
  }
  if (applying_.empty())
    return;
  spec.options = how.drawOptions;
  spec.x.type = image_.xaxis.type;
  spec.y.type = image_.yaxis.type;
  spec.z.type = image_.zaxis.type;
}

// Plugins that compare delete the object and put their result in its place, constant though it is for them.
void Plugged::take_back(std::vector<std::unique_ptr<TObject>> &objects) const {
  for (size_t i = 0; i < objects.size(); ++i)
    if (TObject *const now = image_.objects[i].object; now != objects[i].get()) {
      [[maybe_unused]] const auto deleted = objects[i].release();
      objects[i].reset(now);
    }
}

void Plugged::after(TCanvas &canvas) {
  for (const size_t i : applying_)
    calling(i, [&](DQMRenderPlugin &plugin) { plugin.postDraw(&canvas, image_.objects[0], image_); });
}

}  // namespace dqmhub
