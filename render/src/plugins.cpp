#include "plugins.h"

#include <cxxabi.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <limits>
#include <optional>
#include <stdexcept>
#include <typeinfo>
#include <utility>

#include "log.h"
#include "own_process.h"
#include "worker_slot.h"

namespace dqmhub {
namespace {

constexpr int64_t kLoadTimeoutMs = 60'000;  // for loading a library
constexpr int kSpoiltCode = 99;             // exit code after a library has closed descriptors of its process

std::vector<DQMRenderPlugin *> plugins;
std::vector<std::string> names;
std::string applied_names;
std::atomic<int32_t> unused_slot{0}, *active_plugin = &unused_slot;

// Calls plugin `i` and marks it as running; if it `applies`, also as the last one that ran. The mark stays after a crash
// or an exception, so that the plugin can be named as the cause.
template <typename Call> auto call_plugin(size_t i, bool applies, Call call) {
  struct ActiveMark {
    const int32_t number, after;
    const int exceptions = std::uncaught_exceptions();
    ActiveMark(size_t i, bool applies) : number(int32_t(i) + 1), after(applies ? -number : 0) { active_plugin->store(number); }
    ~ActiveMark() {
      if (std::uncaught_exceptions() == exceptions)
        active_plugin->store(after);
    }
  } mark(i, applies);
  return call(*plugins[i]);
}

std::string class_name(const DQMRenderPlugin &plugin) {
  const char *mangled = typeid(plugin).name();
  const std::unique_ptr<char, decltype(&std::free)> name(abi::__cxa_demangle(mangled, nullptr, nullptr, nullptr), std::free);
  return name ? name.get() : mangled;
}

// Returns the error of dlopen, with the remedy for a library with the base class of another interface.
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

// The descriptors that are open now.
OpenDescriptors open_descriptors() {
  constexpr int end = 256;
  std::vector<int> numbers;
  for (int number = 0; number < end; ++number)
    if (fcntl(number, F_GETFD) >= 0)
      numbers.push_back(number);
  return OpenDescriptors(numbers);
}

// Restores how this process handles signals, which plugins may have changed.
class SignalGuard {
 public:
  SignalGuard() {
    for (int number = 1; number < SIGRTMIN; ++number)
      sigaction(number, nullptr, &actions_[number]);
    sigprocmask(SIG_SETMASK, nullptr, &mask_);
  }
  ~SignalGuard() {
    for (int number = 1; number < SIGRTMIN; ++number)
      sigaction(number, &actions_[number], nullptr);
    sigprocmask(SIG_SETMASK, &mask_, nullptr);
  }
  SignalGuard(const SignalGuard &) = delete;

 private:
  struct sigaction actions_[NSIG] = {};
  sigset_t mask_;
};

// Loads the library and returns the error, or "". Ends the process if that closes its descriptors.
std::string try_to_load(const std::string &library, int argc, char **argv) {
  const OpenDescriptors before = open_descriptors();
  const pid_t process = getpid();
  std::string error;
  try {
    const SignalGuard signals;
    load(library, argc, argv);
  } catch (const std::exception &failure) {
    error = failure.what();
  }
  if (getpid() != process)
    _exit(0);  // a plugin has forked and returned in both processes
  if (before.are_intact())
    return error;
  log("cannot go on after loading " + library + ", which closes descriptors that it did not open", LogLevel::error);
  _exit(kSpoiltCode);
}

[[noreturn]] void run_probe(int pipe, const std::string &library, int argc, char **argv) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const std::string error = try_to_load(library, argc, argv);
  [[maybe_unused]] const auto written = write(pipe, error.data(), error.size());
  _exit(0);
}

// Waits for the end of the probe and returns its status, or nothing if it was killed before.
std::optional<int> wait_for_probe(pid_t pid, const std::function<bool()> &must_stop) {
  const int64_t begin = now_ms();
  const timespec pause = {0, 20'000'000};
  sigset_t ended;
  sigemptyset(&ended);
  sigaddset(&ended, SIGCHLD);
  for (int status;;) {
    if (waitpid(pid, &status, WNOHANG) == pid)
      return status;
    if (must_stop() || now_ms() - begin > kLoadTimeoutMs) {
      kill(pid, SIGKILL);
      waitpid(pid, nullptr, 0);
      return {};
    }
    sigtimedwait(&ended, nullptr, &pause);
  }
}

std::string probe_error(const std::string &library, std::optional<int> status, const std::string &error) {
  if (!status)
    return library + ": Loading takes more than a minute";
  if (WIFSIGNALED(*status))
    return library + ": Loading crashes with SIG" + sigabbrev_np(WTERMSIG(*status));
  if (WEXITSTATUS(*status) == kSpoiltCode)
    return library + ": Loading closes descriptors that it did not open";
  return WEXITSTATUS(*status) ? library + ": Loading ends the program" : error;
}

// Loads the library in a child process first. Returns the error, or "" if there is none.
std::string probe(const std::string &library, int argc, char **argv, const std::function<bool()> &must_stop) {
  int ends[2];
  const pid_t pid = pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0 ? fork_own() : -1;
  if (pid < 0)
    return std::strerror(errno);
  if (pid == 0)
    run_probe(ends[1], library, argc, argv);
  const auto status = wait_for_probe(pid, must_stop);
  char error[4096];  // the pipe holds as much, and is not waited for: a process that the plugins forked may hold it
  const ssize_t got = read(ends[0], error, sizeof error);
  close(ends[0]);
  close(ends[1]);
  return must_stop() ? library + ": The service ended before it was loaded"
                     : probe_error(library, status, std::string(error, std::max<ssize_t>(got, 0)));
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

std::vector<std::string> load_plugins(const std::string &library, int argc, char **argv, const std::function<bool()> &must_stop) {
  std::string error = probe(library, argc, argv, must_stop);
  if (error.empty())
    error = try_to_load(library, argc, argv);
  if (!error.empty())
    throw std::runtime_error(error);
  for (const auto plugin : plugins)
    names.push_back(class_name(*plugin));
  return names;
}

void set_active_plugin_slot(std::atomic<int32_t> &slot) { active_plugin = &slot; }

std::string plugin_mention(int32_t number) {
  const std::string name = plugin_name(std::abs(number));
  return name.empty() ? "" : (number > 0 ? ", in the plugin " : ", after the plugin ") + name;
}

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
    if (call_plugin(i, false, [this](DQMRenderPlugin &plugin) { return plugin.applies(image_.objects[0], image_); }))
      applying_.push_back(i);
  for (const size_t i : applying_)
    applied_names += (applied_names.empty() ? "" : ", ") + names[i];
}

void PlotPlugins::pre_draw(TCanvas &canvas, Spec &spec, std::vector<std::unique_ptr<TObject>> &objects) {
  VisDQMRenderInfo how = {spec.options, false};
  for (const size_t i : applying_) {
    call_plugin(i, true, [&](DQMRenderPlugin &plugin) { plugin.preDraw(&canvas, image_.objects[0], image_, how); });
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
    call_plugin(i, true, [&](DQMRenderPlugin &plugin) { plugin.postDraw(&canvas, image_.objects[0], image_); });
}

}  // namespace dqmhub
