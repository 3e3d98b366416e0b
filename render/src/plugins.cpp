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

constexpr unsigned kLoadTimeoutS = 60;  // for loading a library

std::vector<DQMRenderPlugin *> plugins;
std::vector<std::string> names;
std::string applied_names;
std::atomic<int32_t> unused_slot{0}, *active_plugin = &unused_slot;

// Calls plugin `i` and marks it as running. The mark stays after a crash or an exception, so that the plugin can be named
// as the cause.
template <typename Call> auto call_plugin(size_t i, Call call) {
  struct ActiveMark {
    int exceptions = std::uncaught_exceptions();
    explicit ActiveMark(size_t i) { active_plugin->store(int32_t(i) + 1); }
    ~ActiveMark() {
      if (std::uncaught_exceptions() == exceptions)
        active_plugin->store(0);
    }
  } mark(i);
  return call(*plugins[i]);
}

std::string class_name(const DQMRenderPlugin &plugin) {
  const char *mangled = typeid(plugin).name();
  const std::unique_ptr<char, decltype(&std::free)> name(abi::__cxa_demangle(mangled, nullptr, nullptr, nullptr), std::free);
  return name ? name.get() : mangled;
}

// Returns the error of dlopen, with the remedy for a library whose base class is that of another interface.
std::string load_error() {
  const std::string error = dlerror();
  const bool foreign = error.find("undefined symbol") != error.npos && error.find("DQMRenderPlugin") != error.npos;
  return error + (foreign ? "; it was built with other plugin headers: build it with `make plugins`" : "");
}

// Loads a library and resolves every symbol at once, because a missing one would otherwise end a worker during a plot.
void load(const std::string &library, int argc, char **argv) {
  DQMRenderPlugin::master(&plugins);
  if (!dlopen(library.c_str(), RTLD_NOW | RTLD_GLOBAL))
    throw std::runtime_error(load_error());
  for (const auto plugin : plugins)
    plugin->initialise(argc, argv);
}

[[noreturn]] void run_probe(int pipe, const std::string &library, int argc, char **argv) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  alarm(kLoadTimeoutS);
  std::string error;
  try {
    load(library, argc, argv);
  } catch (const std::exception &failure) {
    error = failure.what();
  }
  [[maybe_unused]] const auto written = write(pipe, error.data(), error.size());
  _exit(0);
}

// Loads the library in a child process first. Returns the error, or "" if there is none.
std::string probe(const std::string &library, int argc, char **argv) {
  int ends[2];
  const pid_t pid = pipe(ends) == 0 ? fork() : -1;
  if (pid < 0)
    return std::strerror(errno);
  if (pid == 0)
    run_probe(ends[1], library, argc, argv);
  close(ends[1]);
  std::string error;
  char part[512];
  for (ssize_t got; (got = read(ends[0], part, sizeof part)) > 0;)
    error.append(part, got);
  close(ends[0]);
  int status = 0;
  waitpid(pid, &status, 0);
  if (WIFSIGNALED(status))
    return library + (WTERMSIG(status) == SIGALRM ? ": Loading takes more than a minute"
                                                  : std::string(": Loading crashes with SIG") + sigabbrev_np(WTERMSIG(status)));
  return WEXITSTATUS(status) ? library + ": Loading ends the program" : error;
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
    case Reference::object: return DQM_REF_OBJECT;
    case Reference::ratio: return DQM_REF_OVERLAY_RATIO;
    case Reference::stacked: return DQM_REF_STACKED;
    default: return DQM_REF_OVERLAY;
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

void set_active_plugin_slot(std::atomic<int32_t> &slot) { active_plugin = &slot; }

const char *plugin_name(int32_t number) { return number > 0 && size_t(number) <= names.size() ? names[number - 1].c_str() : ""; }

std::string take_applied_plugins() { return std::exchange(applied_names, ""); }

PlotPlugins::PlotPlugins(const Request &request, const Spec &spec, const std::vector<std::unique_ptr<TObject>> &objects) {
  if (plugins.empty() || request.name.empty())  // a plot of the warm-up, in which a faulty plugin would end the service
    return;
  image_.imgspec = request.spec;
  image_.drawOptions = spec.options;
  const auto is_set = [](const std::string &label) { return !label.empty(); };
  const auto end = std::find_if(spec.labels.rbegin(), spec.labels.rend(), is_set).base();
  image_.reflabels.assign(spec.labels.begin(), end);
  for (const auto &object : objects)
    image_.objects.push_back(object_info(request, object.get()));
  set_reference();
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
    if (call_plugin(i, [this](DQMRenderPlugin &plugin) { return plugin.applies(image_.objects[0], image_); }))
      applying_.push_back(i);
  for (const size_t i : applying_)
    applied_names += (applied_names.empty() ? "" : ", ") + names[i];
}

void PlotPlugins::pre_draw(TCanvas &canvas, Spec &spec, std::vector<std::unique_ptr<TObject>> &objects) {
  VisDQMRenderInfo how = {spec.options, false};
  for (const size_t i : applying_) {
    call_plugin(i, [&](DQMRenderPlugin &plugin) { plugin.preDraw(&canvas, image_.objects[0], image_, how); });
    adopt_replacements(objects);
  }
  if (applying_.empty())
    return;
  spec.options = how.drawOptions;
  spec.x.type = image_.xaxis.type;
  spec.y.type = image_.yaxis.type;
  spec.z.type = image_.zaxis.type;
}

// Takes ownership of objects that plugins have put in place of the originals. Plugins that compare maps delete the original
// themselves, although the interface declares it const.
void PlotPlugins::adopt_replacements(std::vector<std::unique_ptr<TObject>> &objects) {
  for (size_t i = 0; i < objects.size(); ++i)
    if (TObject *const now = image_.objects[i].object; now != objects[i].get()) {
      [[maybe_unused]] const auto deleted = objects[i].release();
      objects[i].reset(now);
    }
  set_reference();
}

void PlotPlugins::set_reference() { image_.objects[0].reference = image_.objects.size() > 1 ? image_.objects[1].object : nullptr; }

void PlotPlugins::post_draw(TCanvas &canvas) {
  for (const size_t i : applying_)
    call_plugin(i, [&](DQMRenderPlugin &plugin) { plugin.postDraw(&canvas, image_.objects[0], image_); });
}

}  // namespace dqmhub
