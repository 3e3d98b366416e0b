#include "master.h"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "listener.h"
#include "log.h"
#include "memory.h"
#include "own_process.h"
#include "plugins.h"
#include "render.h"
#include "service_notify.h"
#include "worker.h"

namespace dqmhub {
namespace {

constexpr int64_t kMinLifetimeMs = 1000;  // delays the next fork when a child ends sooner without drawing
int open_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (int number : {SIGTERM, SIGINT, SIGCHLD, kActivateSignal})
    sigaddset(&set, number);
  sigprocmask(SIG_BLOCK, &set, nullptr);
  sigdelset(&set, kActivateSignal);  // blocked for the children, which wait for it
  return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

// Returns a descriptor that becomes readable when the process named by DQMHUB_SUPERVISOR_PID ends, -1 if the variable is
// not set.
int open_supervisor() {
  const char *pid = std::getenv("DQMHUB_SUPERVISOR_PID");
  if (!pid)
    return -1;
  const int fd = syscall(SYS_pidfd_open, std::atoi(pid), 0);
  if (fd < 0)
    throw std::runtime_error(std::string("Cannot watch the process ") + pid + " named by DQMHUB_SUPERVISOR_PID: " + std::strerror(errno));
  return fd;
}

void set_limit(int resource, rlim_t value) {
  const rlimit both = {value, value};
  setrlimit(resource, &both);
}

}  // namespace

Master::Master(const Settings &settings)
    : settings_(settings),
      supervisor_(open_supervisor()),
      children_(2 * settings.workers + 1),
      slots_(children_.size()),
      limits_(settings) {
  status_.library = settings_.plugins;
  adopt_orphans();
  restrict_forks();
  listener_ = open_listener(settings_.directory, settings_.socket());
  signals_ = open_signals();
  std::ofstream(settings_.pid(), std::ios::trunc) << getpid();
}

void Master::set_plugins(std::vector<std::string> names, const std::string &error) {
  status_.plugins = std::move(names);
  status_.error = error;
}

bool Master::must_stop() const {
  sigset_t pending;
  sigpending(&pending);
  pollfd supervisor = {supervisor_, POLLIN, 0};
  return sigismember(&pending, SIGTERM) || sigismember(&pending, SIGINT) || poll(&supervisor, 1, 0) > 0;
}

int Master::run() {
  write_status();  // before the first client is served
  maintain_workers();
  log("ready at " + settings_.socket() + ", workers: " + std::to_string(settings_.workers));
  notify_ready();
  while (!stopping_ms_ || (has_children() && !stop_is_overdue())) {
    notify_alive();
    wait_for_events();
    end_stuck_children();
    maintain_workers();
    if (status_.lost != lost_reported_ && !stopping_ms_)
      write_status();
  }
  wait_for_strays();
  log_output();
  uint64_t plot_count = 0;
  for (size_t i = 0; i < children_.size(); ++i)
    plot_count += slots_[i].plot_count();
  log("stopped after " + std::to_string(plot_count) + " plots and " + std::to_string(status_.lost) + " lost workers" +
      (has_children() ? "; some processes could not be ended" : ""));
  return 0;
}

bool Master::has_children() const {
  return std::any_of(children_.begin(), children_.end(), [](const Child &child) { return child.pid != 0; });
}

// Even a killed process does not end while it waits in the kernel, for example for a file system that does not respond.
bool Master::stop_is_overdue() const { return now_ms() - stopping_ms_ > limits_.leaving + kMinLifetimeMs; }

// Turns the spare into a worker if one is missing or leaving, and forks the next spare.
void Master::maintain_workers() {
  while (!stopping_ms_) {
    const auto spare = std::find_if(children_.begin(), children_.end(), [](const Child &child) { return child.pid && !child.is_worker; });
    if (spare != children_.end() && has_all_workers())
      return;
    if (spare != children_.end())
      spare->is_worker = kill(spare->pid, kActivateSignal) == 0;
    else if (!fork_spare())
      return;
  }
}

bool Master::has_all_workers() const {
  int count = 0;
  for (size_t i = 0; i < children_.size(); ++i)
    count += children_[i].pid && children_[i].is_worker && !slots_[i].is_leaving();
  return count >= settings_.workers;
}

// Forks a spare. Returns false if that is not possible now.
bool Master::fork_spare() {
  const auto place = std::find_if(children_.begin(), children_.end(), [](const Child &child) { return child.pid == 0; });
  if (place == children_.end() || next_fork_ms_ > now_ms())
    return false;
  const size_t number = place - children_.begin();
  slots_[number].reset();
  const pid_t master = getpid(), pid = fork_own();
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != master)  // the master died before prctl
      _exit(1);
    run_child(number);
  }
  if (pid < 0) {
    log(std::string("cannot fork: ") + std::strerror(errno), LogLevel::error);
    next_fork_ms_ = now_ms() + kMinLifetimeMs;
    return false;
  }
  *place = Child();
  place->pid = pid;
  place->forked_ms = now_ms();
  place->initial_plots = slots_[number].plot_count();
  return true;
}

void Master::run_child(size_t number) {
  close(signals_);
  std::signal(SIGINT, SIG_IGN);  // Ctrl-C reaches the whole group; the master ends its workers itself
  set_limit(RLIMIT_CORE, 0);
  set_limit(RLIMIT_AS, mapped_bytes() + (rlim_t(settings_.memory_mb) << 20));
  try {
    Worker worker(listener_, slots_, number, settings_);
    warm_up_child();
    if (worker.wait_for_activation()) {
      prctl(PR_SET_NAME, "dqmhub-worker");  // distinguishes workers from spares
      worker.run();
    }
  } catch (const std::exception &error) {
    log(std::string("worker: ") + error.what(), LogLevel::error);
    _exit(1);
  }
  _exit(0);  // skips ROOT's clean-up, which is slow and may crash
}

void Master::wait_for_events() {
  pollfd watched[] = {{signals_, POLLIN, 0}, {supervisor_, POLLIN, 0}, {settings_.output, POLLIN, 0}};
  if (poll(watched, 3, wait_ms()) <= 0)
    return;
  if (watched[2].revents)
    log_output();
  if (watched[0].revents & POLLNVAL)
    throw std::runtime_error("A plugin has closed descriptors of the service");
  if (watched[0].revents)
    take_signals();
  if (watched[1].revents && !stopping_ms_)
    stop("the supervisor has ended");
}

void Master::take_signals() {
  signalfd_siginfo signal;
  while (read(signals_, &signal, sizeof signal) == sizeof signal) {
    if (signal.ssi_signo == SIGCHLD)
      continue;
    stop(signal.ssi_signo == SIGTERM ? "SIGTERM" : "SIGINT");
  }
  int status;
  for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
    handle_exit(pid, status);
  end_strays();
}

void Master::end_strays() {
  for (const pid_t pid : child_processes())
    if (std::none_of(children_.begin(), children_.end(), [pid](const Child &child) { return child.pid == pid; }))
      kill(pid, SIGKILL);
}

void Master::wait_for_strays() {
  const int64_t begin = now_ms();
  for (end_strays(); !child_processes().empty() && !has_children() && now_ms() - begin < kMinLifetimeMs; end_strays()) {
    usleep(1000);
    while (waitpid(-1, nullptr, WNOHANG) > 0)
      continue;
  }
}

void Master::handle_exit(pid_t pid, int status) {
  for (size_t i = 0; i < children_.size(); ++i) {
    Child &child = children_[i];
    if (child.pid != pid)
      continue;
    child.pid = 0;
    const bool busy = slots_[i].is_busy();
    if (!busy && slots_[i].plot_count() == child.initial_plots && now_ms() - child.forked_ms < kMinLifetimeMs)
      next_fork_ms_ = now_ms() + kMinLifetimeMs;
    if (busy || !slots_[i].fault().empty() || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
      report_loss(i, status);
    slots_[i].reset();  // other workers wait for the end of its plot
  }
}

void Master::report_loss(size_t number, int status) {
  ++status_.lost;
  const WorkerSlot &slot = slots_[number];
  const std::string where = plugin_mention(slots_[number].active_plugin());
  const std::string when = slot.is_busy() ? " while drawing " + to_printable(slot.description()) + where
                           : slot.plot_count() > children_[number].initial_plots
                               ? " while idle, after drawing " + to_printable(slot.description())
                               : " while idle";
  const std::string fault = slot.is_busy() ? "" : to_printable(slot.fault());
  status_.last_lost = fault.empty() ? children_[number].loss_cause(status, settings_) + when : fault;
  set_log_request(slot.is_busy() || !fault.empty() ? slot.request() : "");
  log("a worker " + status_.last_lost, LogLevel::error);
  set_log_request("");
}

void Master::write_status() {
  if (dqmhub::write_status(settings_.status(), status_))
    lost_reported_ = status_.lost;
}

void Master::end_stuck_children() {
  const int64_t now = now_ms();
  if (now - watched_ms_ > 2 * kHeartbeatMs)  // this process was stopped as well, or the machine
    watched_since_ms_ = now;
  watched_ms_ = now;
  for (size_t i = 0; i < children_.size(); ++i)
    if (children_[i].pid)
      children_[i].end_if_stuck(slots_[i], limits_, watched_since_ms_);
}

// Stops accepting connections and lets the workers finish until a deadline; the second call kills them.
void Master::stop(const std::string &why) {
  log("stopping: " + why);
  notify_stopping();
  remove_state_files();
  for (Child &child : children_)
    if (child.pid) {
      kill(child.pid, stopping_ms_ ? SIGKILL : SIGTERM);
      child.leaving_ms = now_ms();
    }
  stopping_ms_ = now_ms();
}

// Removes the files that announce a running service.
void Master::remove_state_files() const {
  unlink(settings_.socket().c_str());
  unlink(settings_.pid().c_str());
  unlink(settings_.status().c_str());
}

int Master::wait_ms() const {
  const bool short_of_workers = !stopping_ms_ && !has_all_workers();
  return short_of_workers ? 50 : int(std::clamp(settings_.timeout_s * 100, 50., 1000.));
}

}  // namespace dqmhub
