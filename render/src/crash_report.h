// Error responses of a dying worker: what its client receives when a plot crashes the worker or exceeds a time limit.
#pragma once
#include <sys/types.h>

#include <string>

#include "settings.h"
#include "worker_slot.h"

namespace dqmhub {

// Installs signal handlers that respond to the client before a crash or an exceeded time limit ends the process.
// `slot` holds the running plugin, and through it the master learns that the worker is lost.
void install_crash_reports(const Settings &settings, WorkerSlot &slot);

// Tells the client of a worker that cannot do so itself, for instance because it blocks signals, that its plot took too long.
void report_overrun(pid_t worker, WorkerSlot &slot, const std::string &reason);

// Marks the time during which a plot is drawn for the client at descriptor `client`, and applies the CPU time limit.
class PlotGuard {
 public:
  explicit PlotGuard(int client);
  ~PlotGuard();
  PlotGuard(const PlotGuard &) = delete;
};

}  // namespace dqmhub
