// The master process: it forks the workers, watches them, replaces them, and ends them.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "slot.h"

namespace dqmhub {

struct Settings {
  std::string directory;    // ends with a slash; holds `socket` and `pid`
  int workers = 1;
  double timeout_s = 30;    // wall time of one request
  int memory_mb = 1024;     // that a worker may take beyond what it was born with
  std::string plugins;      // a shared library, or empty
  std::string socket() const { return directory + "socket"; }
  std::string pid() const { return directory + "pid"; }
  std::string blacklist() const { return directory + "../blacklist.txt"; }
};

class Master {
 public:
  // Takes the directory and listens. Throws std::runtime_error, saying why, when it cannot.
  explicit Master(const Settings &settings);
  ~Master() { withdraw(); }
  // Serves until SIGTERM, SIGINT or the supervisor's end; returns the exit code.
  int run();

 private:
  struct Child {
    pid_t pid = 0;           // 0: none
    int64_t born_ms = 0;
    uint64_t born_plots = 0;  // that its slot counted before it
    int64_t next_ms = 0;     // not to be replaced before
    bool overrun = false;    // killed because its time was over
  };

  void start_children();
  void start(size_t number);
  [[noreturn]] void be_worker(size_t number);
  void wait_for_events();
  void take_signals();
  void bury(pid_t pid, int status);
  void report(size_t number, int status);
  void kill_overdue();
  void stop(const std::string &why);
  void withdraw() const;
  int wait_ms() const;

  const Settings settings_;
  int listener_ = -1, signals_ = -1, supervisor_ = -1;
  Slot *slots_;
  std::vector<Child> children_;
  uint64_t crashes_ = 0;
  bool stopping_ = false;
};

}  // namespace dqmhub
