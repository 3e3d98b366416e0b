// One child process of the master, a worker or the spare, and the limits on what it may do.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <string>

#include "settings.h"
#include "worker_slot.h"

namespace dqmhub {

// Limits on the times of a child in ms.
struct ChildLimits {
  explicit ChildLimits(const Settings &settings);
  int64_t plot;     // for one plot
  int64_t silence;  // without a heartbeat between plots
  int64_t leaving;  // from the request to end until the end
};

struct Child {
  pid_t pid = 0;  // 0 if there is no process
  int64_t forked_ms = 0;
  uint64_t initial_plots = 0;  // plots counted in its slot before it started
  bool is_worker = false;      // false: a spare
  int64_t leaving_ms = 0;      // since when it should end; 0 if it should not
  bool overrun = false;        // a plot exceeded the wall time limit
  bool ignores_limit = false;  // and did not end the process when it was told
  std::string fault;           // why the master killed it, if it did

  // Ends the process if it exceeds a limit. Heartbeats before `watched_since_ms` are not expected.
  void end_if_stuck(WorkerSlot &slot, const ChildLimits &limits, int64_t watched_since_ms);

  // Returns how the process was lost, by the status of waitpid.
  std::string loss_cause(int status, const Settings &settings) const;

 private:
  void end_overdue_plot(WorkerSlot &slot, int64_t over_ms, int64_t limit_ms);
};

}  // namespace dqmhub
