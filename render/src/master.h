// The master process: forks the workers, watches them, replaces lost ones and ends them. It keeps one spare, a forked
// process that waits to become a worker: waking it takes a fraction of a millisecond, forking a process that has loaded
// ROOT several milliseconds.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "settings.h"
#include "worker_slot.h"

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

 private:
  struct Child {
    pid_t pid = 0;  // 0 if there is no process
    int64_t forked_ms = 0;
    uint64_t initial_plots = 0;  // plots counted in its slot before it started
    bool is_worker = false;      // false: a spare
    bool overrun = false;        // a plot exceeded the wall time limit
  };

  void maintain_workers();
  bool has_all_workers() const;
  bool fork_spare();
  [[noreturn]] void run_child(size_t number);
  void wait_for_events();
  void take_signals();
  void handle_exit(pid_t pid, int status);
  void report_loss(size_t number, int status);
  void write_status();
  void end_overdue_plots();
  void stop(const std::string &why);
  void remove_state_files() const;
  int wait_ms() const;

  const Settings settings_;
  int listener_ = -1, signals_ = -1, supervisor_ = -1;
  WorkerSlot *slots_;                 // shared memory, one slot per child
  std::vector<Child> children_;       // with room for lost workers that have not ended yet
  int64_t next_fork_ms_ = 0;          // earliest time of the next fork
  std::vector<std::string> plugins_;  // names of the loaded plugins
  std::string plugins_error_, last_lost_;
  uint64_t lost_ = 0, lost_reported_ = 0;  // lost workers: all, and those in status.json
  bool stopping_ = false;
};

}  // namespace dqmhub
