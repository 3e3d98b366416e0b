// Checks what code of plugins has done to this process, and limits the processes that such code forks.
#pragma once
#include <sys/types.h>

#include <string>
#include <vector>

namespace dqmhub {

// Opens /dev/null in place of each of the descriptors 0 to 2 that is closed: the next file or connection would get its number,
// and what is written to standard error.
void fill_standard_descriptors();

// Makes this process the parent of all processes that its children leave behind, so that it finds them.
void adopt_orphans();

// From now on, a process that a plugin forks keeps only the descriptors that a program executed by it would keep, so neither the
// listening socket nor connections of clients, and ends with the process that forked it.
void restrict_forks();

// Forks a process that is not restricted in this way.
pid_t fork_own();

// The running children of this process, and those that have ended and were not waited for.
std::vector<pid_t> child_processes();

// What open descriptors refer to.
class OpenDescriptors {
 public:
  explicit OpenDescriptors(const std::vector<int> &numbers);
  // Returns false if one of them was closed or refers to something else.
  bool are_intact() const;

 private:
  struct Descriptor {
    int number;
    dev_t device;
    ino_t inode;
    bool operator==(const Descriptor &other) const { return inode == other.inode && device == other.device && number == other.number; }
  };
  static Descriptor describe(int number);
  std::vector<Descriptor> all_;
};

// The state in which plots must leave a worker.
class OwnProcess {
 public:
  // `descriptors` are those that a plot must not touch, besides the standard ones.
  explicit OwnProcess(std::vector<int> descriptors);
  // Returns what a plot did to this process, "" if nothing. Ends its child processes, and makes the standard descriptors safe.
  std::string damage() const;

 private:
  const unsigned threads_;
  const OpenDescriptors standard_, descriptors_;
};

}  // namespace dqmhub
