// The master process: forks the workers, watches them, replaces lost ones and ends them. It keeps one spare, a forked
// process that waits to become a worker: waking it takes a fraction of a millisecond, forking a process that has loaded
// ROOT several milliseconds.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "child.h"
#include "settings.h"
#include "status_file.h"
#include "worker_slots.h"

namespace dqmhub {

class Master {
 public:
  // Locks the state directory and listens. Throws std::runtime_error with the reason if it cannot.
  explicit Master(const Settings &settings);
  ~Master() { remove_state_files(); }
  // Serves until SIGTERM, SIGINT or the end of the supervisor. Returns the exit code.
  int run();
  // Records the loaded plugins, or the error, for status.json.
  void set_plugins(std::vector<std::string> names, const std::string &error);
  // Tells whether a signal that ends the service has arrived, or its supervisor has ended, before run().
  bool must_stop() const;
  // Kills the processes that plugins of lost children forked, and their children: this process is then their parent.
  void end_strays();

 private:
  void maintain_workers();
  bool has_all_workers() const;
  bool fork_spare();
  [[noreturn]] void run_child(size_t number);
  void wait_for_events();
  void take_signals();
  void handle_exit(pid_t pid, int status);
  void wait_for_strays();
  void report_loss(size_t number, int status);
  void write_status();
  void end_stuck_children();
  bool has_children() const;
  bool stop_is_overdue() const;
  void stop(const std::string &why);
  void remove_state_files() const;
  int wait_ms() const;

  const Settings settings_;
  int listener_ = -1, signals_ = -1, supervisor_ = -1;
  std::vector<Child> children_;  // with room for lost workers that have not ended yet
  WorkerSlots slots_;            // one per child
  int64_t next_fork_ms_ = 0;     // earliest time of the next fork
  const ChildLimits limits_;
  int64_t watched_ms_ = 0, watched_since_ms_ = 0;  // time of the last check of the children; since when checks are regular
  ServiceStatus status_;
  uint64_t lost_reported_ = 0;  // lost workers in status.json
  int64_t stopping_ms_ = 0;     // since when the service has been stopping; 0 if it is not
};

}  // namespace dqmhub
