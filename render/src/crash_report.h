// Error responses of a dying worker: what its client receives when a plot crashes the worker or exceeds a time limit.
#pragma once
#include "settings.h"
#include "worker_slot.h"

namespace dqmhub {

// Installs signal handlers that respond to the client before a crash or an exceeded time limit ends the process.
// `slot` holds the running plugin, and through it the master learns that the worker is lost.
void install_crash_reports(const Settings &settings, WorkerSlot &slot);

// Marks the time during which a plot is drawn for the client at descriptor `client`, and applies the CPU time limit.
class PlotGuard {
 public:
  explicit PlotGuard(int client);
  ~PlotGuard();
  PlotGuard(const PlotGuard &) = delete;
};

}  // namespace dqmhub
