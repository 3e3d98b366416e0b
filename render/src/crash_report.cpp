#include "crash_report.h"

#include <signal.h>
#include <sys/socket.h>
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

void send_report(int number) {
  Report report(number == SIGALRM ? kWallTimeExceeded : number == SIGPROF ? kCpuTimeExceeded : kCrashed);
  if (report.code == kCrashed) {
    report.append("died of SIG");
    report.append(sigabbrev_np(number));
  } else {
    report.append(number == SIGALRM ? wall_time_text.c_str() : cpu_time_text.c_str());
  }
  report.append("\n");
  report.append(plugin_name(worker_slot->active_plugin().load()));
  send(client_fd, &report, 2 * sizeof(int32_t) + report.length, MSG_NOSIGNAL | MSG_DONTWAIT);
}

void handle_fatal_signal(int number) {
  if (client_fd < 0 && (number == SIGALRM || number == SIGPROF))
    return;  // the plot ended before the signal arrived
  worker_slot->mark_leaving();
  if (client_fd >= 0)
    send_report(number);
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
  sigprocmask(SIG_SETMASK, &mask, nullptr);
}

}  // namespace

void install_crash_reports(const Settings &settings, WorkerSlot &slot) {
  worker_slot = &slot;
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

PlotGuard::PlotGuard(int fd) {
  client_fd = fd;
  handle_signals();
  setitimer(ITIMER_PROF, &cpu_limit, nullptr);
}

PlotGuard::~PlotGuard() {
  const itimerval off = {};
  setitimer(ITIMER_PROF, &off, nullptr);
  client_fd = -1;
}

}  // namespace dqmhub
