#include "child.h"

#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <sstream>

#include "crash_report.h"

namespace dqmhub {
namespace {

constexpr int64_t kGraceMs = 2000;  // long enough for a worker on a busy machine to respond and to end

std::string seconds(double number) {
  std::ostringstream text;
  text << number << " s";
  return text.str();
}

}  // namespace

ChildLimits::ChildLimits(const Settings &settings)
    : plot(settings.timeout_s * 1000), silence(std::clamp(plot, 3 * kHeartbeatMs, 10 * kHeartbeatMs)), leaving(plot + 2 * kGraceMs) {}

void Child::end_if_stuck(WorkerSlot &slot, const ChildLimits &limits, int64_t watched_since_ms) {
  const int64_t now = now_ms();
  if (slot.is_leaving() && !leaving_ms)
    leaving_ms = now;
  end_overdue_plot(slot, slot.busy_ms(now) - limits.plot, limits.plot);
  if (leaving_ms && now - leaving_ms > limits.leaving)
    fault = "was killed because it did not end within " + seconds(limits.leaving / 1000.);
  else if (std::min(slot.silent_ms(now), now - watched_since_ms) > limits.silence)
    fault = "was killed after " + seconds(limits.silence / 1000.) + " without a heartbeat";
  if (!fault.empty())
    kill(pid, SIGKILL);
}

// Signals a worker whose plot exceeds the wall time limit: SIGALRM lets it respond to its client. If it does not end, this process
// responds in its place, and SIGKILL follows.
void Child::end_overdue_plot(WorkerSlot &slot, int64_t over_ms, int64_t limit_ms) {
  const bool already_signalled = overrun;
  overrun = over_ms >= 0;
  if (!overrun)
    return;
  const bool must_end = already_signalled && over_ms >= kGraceMs;
  if (must_end && !ignores_limit) {
    kill(pid, SIGSTOP);  // so that it cannot respond as well
    report_overrun(pid, slot, "took more than " + seconds(limit_ms / 1000.));
    ignores_limit = true;
  }
  kill(pid, must_end ? SIGKILL : SIGALRM);
}

std::string Child::loss_cause(int status, const Settings &settings) const {
  const int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  if (overrun)
    return "was killed after " + seconds(settings.timeout_s);
  if (!fault.empty())
    return fault;
  if (signal == SIGPROF)
    return "was killed after " + seconds(settings.cpu_s) + " of CPU time";
  return signal ? std::string("died of SIG") + sigabbrev_np(signal) : "ended with code " + std::to_string(WEXITSTATUS(status));
}

}  // namespace dqmhub
