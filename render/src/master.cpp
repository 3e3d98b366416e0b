#include "master.h"

#include <poll.h>
#include <sys/mman.h>
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

#include "claim.h"
#include "log.h"
#include "memory.h"
#include "plugins.h"
#include "render.h"
#include "worker.h"

namespace dqmhub {
namespace {

constexpr int64_t kTooYoungMs = 1000;  // a child that ends so soon without a plot would only do it again

int open_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (int number : {SIGTERM, SIGINT, SIGCHLD, kYourTurn})
    sigaddset(&set, number);
  sigprocmask(SIG_BLOCK, &set, nullptr);
  sigdelset(&set, kYourTurn);  // for the children, who must not miss it
  return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

// A descriptor that becomes readable when the process that DQMHUB_SUPERVISOR_PID names ends; -1 when none is named.
int open_supervisor() {
  const char *pid = std::getenv("DQMHUB_SUPERVISOR_PID");
  if (!pid)
    return -1;
  const int fd = syscall(SYS_pidfd_open, std::atoi(pid), 0);
  if (fd < 0)
    throw std::runtime_error(std::string("cannot watch the process ") + pid + " that DQMHUB_SUPERVISOR_PID names: " + std::strerror(errno));
  return fd;
}

Slot *share_slots(size_t count) {
  void *memory = mmap(nullptr, count * sizeof(Slot), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED)
    throw std::runtime_error("no shared memory");
  return static_cast<Slot *>(memory);  // zeros: idle slots
}

std::string quoted(const std::string &text) {
  std::string json = "\"";
  for (const char c : printable(text)) {
    if (c == '"' || c == '\\')
      json += '\\';
    json += c;
  }
  return json + '"';
}

void limit(int resource, rlim_t value) {
  const rlimit both = {value, value};
  setrlimit(resource, &both);
}

}  // namespace

Master::Master(const Settings &settings)
    : settings_(settings), supervisor_(open_supervisor()), children_(2 * settings.workers + 1) {
  slots_ = share_slots(children_.size());
  listener_ = claim(settings_.directory, settings_.socket());
  signals_ = open_signals();
  std::ofstream(settings_.pid(), std::ios::trunc) << getpid();
}

void Master::set_plugins(std::vector<std::string> names, const std::string &error) {
  plugins_ = std::move(names);
  plugins_error_ = error;
}

int Master::run() {
  write_status();  // before anybody can be answered
  keep_up();
  log("ready at " + settings_.socket() + ", workers: " + std::to_string(settings_.workers));
  auto alive = [](const Child &child) { return child.pid != 0; };
  while (!stopping_ || std::any_of(children_.begin(), children_.end(), alive)) {
    wait_for_events();
    kill_overdue();
    keep_up();
    if (lost_ != lost_told_ && !stopping_)
      write_status();
  }
  uint64_t plots = 0;
  for (size_t i = 0; i < children_.size(); ++i)
    plots += slots_[i].plots();
  log("stopped after " + std::to_string(plots) + " plots and " + std::to_string(lost_) + " lost workers");
  return 0;
}

// Lets the spare take the place of a worker that is lost or about to go, and has the next spare ready.
void Master::keep_up() {
  while (!stopping_) {
    const auto spare = std::find_if(children_.begin(), children_.end(), [](const Child &child) { return child.pid && !child.serving; });
    if (spare != children_.end() && has_all_workers())
      return;
    if (spare != children_.end())
      spare->serving = kill(spare->pid, kYourTurn) == 0;
    else if (!fork_spare())
      return;
  }
}

bool Master::has_all_workers() const {
  int count = 0;
  for (size_t i = 0; i < children_.size(); ++i)
    count += children_[i].pid && children_[i].serving && !slots_[i].leaving();
  return count >= settings_.workers;
}

// False when there is none to be had now.
bool Master::fork_spare() {
  const auto place = std::find_if(children_.begin(), children_.end(), [](const Child &child) { return child.pid == 0; });
  if (place == children_.end() || next_ms_ > now_ms())
    return false;
  const size_t number = place - children_.begin();
  slots_[number].clear();
  const pid_t master = getpid(), pid = fork();
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != master)  // it died before the line above
      _exit(1);
    be_child(number);
  }
  if (pid < 0) {
    log(std::string("cannot fork: ") + std::strerror(errno));
    next_ms_ = now_ms() + kTooYoungMs;
    return false;
  }
  *place = {pid, now_ms(), slots_[number].plots(), false, false};
  return true;
}

void Master::be_child(size_t number) {
  close(signals_);
  std::signal(SIGINT, SIG_IGN);  // Ctrl-C goes to the whole group; the master says when to end
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_AS, mapped_bytes() + (rlim_t(settings_.memory_mb) << 20));
  try {
    Worker worker(listener_, slots_[number], settings_);
    warm_up_child();
    if (worker.wait_for_turn()) {
      prctl(PR_SET_NAME, "dqmhub-worker");  // tells it from spares
      worker.run();
    }
  } catch (const std::exception &error) {
    log(std::string("worker: ") + error.what());
    _exit(1);
  }
  _exit(0);  // ROOT's own end is long and may crash
}

void Master::wait_for_events() {
  pollfd watched[] = {{signals_, POLLIN, 0}, {supervisor_, POLLIN, 0}};
  if (poll(watched, 2, wait_ms()) <= 0)
    return;
  if (watched[0].revents)
    take_signals();
  if (watched[1].revents && !stopping_)
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
    bury(pid, status);
}

void Master::bury(pid_t pid, int status) {
  for (size_t i = 0; i < children_.size(); ++i) {
    Child &child = children_[i];
    if (child.pid != pid)
      continue;
    child.pid = 0;
    const bool drew = slots_[i].busy() || slots_[i].plots() > child.born_plots;
    if (!drew && now_ms() - child.born_ms < kTooYoungMs)
      next_ms_ = now_ms() + kTooYoungMs;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
      report(i, status);
  }
}

void Master::report(size_t number, int status) {
  ++lost_;
  std::ostringstream how;
  const int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  if (children_[number].overrun)
    how << "was killed after " << settings_.timeout_s << " s";
  else if (signal == SIGPROF)
    how << "was killed after " << settings_.cpu_s << " s of CPU time";
  else if (signal)
    how << "died of SIG" << sigabbrev_np(signal);
  else
    how << "ended with code " << WEXITSTATUS(status);
  const std::string plugin = plugin_name(slots_[number].plugin());
  const std::string where = plugin.empty() ? "" : ", in the plugin " + plugin;
  how << (slots_[number].busy() ? " while drawing " + printable(slots_[number].what()) + where : " while idle");
  last_lost_ = how.str();
  log("a worker " + last_lost_);
}

// Moved into place whole, so that whoever reads it sees all or nothing.
void Master::write_status() {
  lost_told_ = lost_;
  std::string names;
  for (const auto &name : plugins_)
    names += (names.empty() ? "" : ", ") + quoted(name);
  const std::string next = settings_.status() + ".new";
  std::ofstream(next, std::ios::trunc) << "{\"library\": " << quoted(settings_.plugins) << ", \"plugins\": [" << names
                                       << "], \"error\": " << quoted(plugins_error_) << ", \"lost\": " << lost_
                                       << ", \"last\": " << quoted(last_lost_) << "}\n";
  rename(next.c_str(), settings_.status().c_str());
}

// A worker that is told that its time is over answers its client first; one that does not hear it is killed.
void Master::kill_overdue() {
  constexpr int64_t grace_ms = 2000;  // a busy machine may leave either of the two waiting for a while
  for (size_t i = 0; i < children_.size(); ++i) {
    const int64_t over_ms = slots_[i].busy_ms(now_ms()) - int64_t(settings_.timeout_s * 1000);
    const bool told = children_[i].overrun;
    children_[i].overrun = children_[i].pid != 0 && over_ms >= 0;
    if (children_[i].overrun)
      kill(children_[i].pid, told && over_ms >= grace_ms ? SIGKILL : SIGALRM);
  }
}

// Takes no more connections and lets the workers end what they do; asked twice, ends them.
void Master::stop(const std::string &why) {
  log("stopping: " + why);
  withdraw();
  for (const Child &child : children_)
    if (child.pid)
      kill(child.pid, stopping_ ? SIGKILL : SIGTERM);
  stopping_ = true;
}

// Takes away what says that a service is here.
void Master::withdraw() const {
  unlink(settings_.socket().c_str());
  unlink(settings_.pid().c_str());
  unlink(settings_.status().c_str());
}

int Master::wait_ms() const {
  const bool short_of_workers = !stopping_ && !has_all_workers();
  return short_of_workers ? 50 : int(std::clamp(settings_.timeout_s * 100, 50., 1000.));
}

}  // namespace dqmhub
