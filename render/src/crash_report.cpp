#include "crash_report.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include <cmath>
#include <cstring>
#include <sstream>
#include <string>

#include "plugins.h"
#include "protocol.h"

namespace dqmhub {
namespace {

// Everything that the handler needs is prepared beforehand: it may call only async-signal-safe functions, and the heap
// may be corrupt.
std::atomic<int> client_fd{-1};
WorkerSlot *worker_slot;
pid_t worker = 0;
std::string wall_time_text, cpu_time_text;
itimerval cpu_limit;
sigset_t mask;        // signals that the worker blocks
char stack[1 << 16];  // for the handler, since a stack overflow leaves no room on the ordinary stack

std::string limit_text(double seconds, const char *what) {
  std::ostringstream text;
  text << "took more than " << seconds << " s" << what;
  return text.str();
}

// A response with an error text, as it is sent.
struct Report {
  int32_t code, length = 0;
  char text[500];
  explicit Report(int32_t code) : code(code) {}
  void append(const char *part) {
    while (*part && length < int32_t(sizeof text))
      text[length++] = *part++;
  }
};

// Completes a report with the plugin that is running, or has returned, and sends it.
void send_report(int client, Report report, int32_t plugin) {
  if (plugin < 0) {
    report.append(" after the plugin ");
    report.append(plugin_name(-plugin));
  }
  report.append("\n");
  report.append(plugin_name(plugin));
  send(client, &report, 2 * sizeof(int32_t) + report.length, MSG_NOSIGNAL | MSG_DONTWAIT);
}

void report_signal(int number) {
  Report report(number == SIGALRM ? kWallTimeExceeded : number == SIGPROF ? kCpuTimeExceeded : kCrashed);
  if (report.code == kCrashed) {
    report.append("died of SIG");
    report.append(sigabbrev_np(number));
  } else {
    report.append(number == SIGALRM ? wall_time_text.c_str() : cpu_time_text.c_str());
  }
  send_report(client_fd, report, worker_slot->active_plugin());
}

void handle_fatal_signal(int number) {
  if (getpid() != worker)
    _exit(1);  // a copy that a plugin has forked
  if (client_fd < 0 && (number == SIGALRM || number == SIGPROF))
    return;  // the plot ended before the signal arrived
  worker_slot->mark_leaving();
  if (client_fd >= 0)
    report_signal(number);
  signal(number, SIG_DFL);
  raise(number);
}

// Plugins may have blocked or handled signals during an earlier plot.
void handle_signals() {
  struct sigaction action = {};
  action.sa_handler = handle_fatal_signal;
  action.sa_flags = SA_ONSTACK;
  for (int number : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGSYS, SIGTRAP, SIGALRM, SIGPROF})
    sigaction(number, &action, nullptr);
  signal(SIGCHLD, SIG_DFL);  // otherwise nobody would see the children that a plugin leaves behind
  sigprocmask(SIG_SETMASK, &mask, nullptr);
}

}  // namespace

void install_crash_reports(const Settings &settings, WorkerSlot &slot) {
  worker_slot = &slot;
  worker = getpid();
  wall_time_text = limit_text(settings.timeout_s, "");
  cpu_time_text = limit_text(settings.cpu_s, " of CPU time");
  double whole;
  cpu_limit.it_value.tv_usec = std::modf(settings.cpu_s, &whole) * 1e6;
  cpu_limit.it_value.tv_sec = whole;
  const stack_t alternate = {stack, 0, sizeof stack};
  sigaltstack(&alternate, nullptr);
  sigprocmask(SIG_SETMASK, nullptr, &mask);
  handle_signals();
}

void report_overrun(pid_t worker, WorkerSlot &slot, const std::string &reason) {
  const int process = syscall(SYS_pidfd_open, worker, 0);
  const int client = process < 0 ? -1 : syscall(SYS_pidfd_getfd, process, slot.client(), 0);  // fails where the system forbids it
  if (client >= 0) {
    Report report(kWallTimeExceeded);
    report.append(reason.c_str());
    send_report(client, report, slot.active_plugin());
  }
  close(client);
  close(process);
}

PlotGuard::PlotGuard(int fd) {
  client_fd = fd;
  handle_signals();
  setitimer(ITIMER_PROF, &cpu_limit, nullptr);
}

PlotGuard::~PlotGuard() {
  if (getpid() != worker)
    _exit(1);  // a plugin has forked and returned in both processes
  const itimerval off = {};
  setitimer(ITIMER_PROF, &off, nullptr);
  client_fd = -1;
}

}  // namespace dqmhub
