// The master process: it forks the workers, watches them, replaces them, and ends them. One spare is always there, forked
// but without work: to wake it takes a fraction of a millisecond, where a fork of a process with ROOT in it takes several.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "settings.h"
#include "slot.h"

namespace dqmhub {

class Master {
 public:
  // Takes the directory and listens. Throws std::runtime_error, saying why, when it cannot.
  explicit Master(const Settings &settings);
  ~Master() { withdraw(); }
  // Serves until SIGTERM, SIGINT or the supervisor's end; returns the exit code.
  int run();
  // What became of the library of plugins, for status.json.
  void set_plugins(std::vector<std::string> names, const std::string &error);

 private:
  struct Child {
    pid_t pid = 0;  // 0: none
    int64_t born_ms = 0;
    uint64_t born_plots = 0;  // that its slot counted before it
    bool serving = false;     // no spare any more
    bool overrun = false;     // killed because its time was over
  };

  void keep_up();
  bool has_all_workers() const;
  bool fork_spare();
  [[noreturn]] void be_child(size_t number);
  void wait_for_events();
  void take_signals();
  void bury(pid_t pid, int status);
  void report(size_t number, int status);
  void write_status();
  void kill_overdue();
  void stop(const std::string &why);
  void withdraw() const;
  int wait_ms() const;

  const Settings settings_;
  int listener_ = -1, signals_ = -1, supervisor_ = -1;
  Slot *slots_;  // one for each child
  std::vector<Child> children_;  // with places for workers that are still on their way out
  int64_t next_ms_ = 0;          // no fork before
  std::vector<std::string> plugins_;  // their names
  std::string plugins_error_, last_lost_;
  uint64_t lost_ = 0, lost_told_ = 0;
  bool stopping_ = false;
};

}  // namespace dqmhub
