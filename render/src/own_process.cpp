#include "own_process.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <fstream>

namespace dqmhub {
namespace {

constexpr int kStandardDescriptors = 3;
bool is_own_fork = false;
pid_t forking = 0;  // the process that forks

void before_fork() { forking = getpid(); }

// Runs in a process that a plugin has forked, before fork returns there.
void restrict_copy() {
  if (is_own_fork)
    return;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != forking)  // it ended before prctl
    _exit(1);
  const int end = std::min<long>(sysconf(_SC_OPEN_MAX), 4096);
  for (int number = kStandardDescriptors; number < end; ++number)
    if (const int flags = fcntl(number, F_GETFD); flags > 0 && flags & FD_CLOEXEC)
      close(number);
}

void replace_by_null(int number) {
  const int null = open("/dev/null", O_RDWR);
  if (null < 0 || null == number)
    return;
  dup2(null, number);
  if (null >= kStandardDescriptors)
    close(null);
}

unsigned thread_count() {
  struct stat tasks = {};
  return stat("/proc/self/task", &tasks) == 0 ? tasks.st_nlink : 0;  // one link per thread, and two
}

// Returns whether there are more than `most` threads. One that was waited for may take a moment to disappear.
bool has_more_threads(unsigned most) {
  for (int attempt = 0; attempt < 20; ++attempt) {
    if (thread_count() <= most)
      return false;
    usleep(1000);
  }
  return true;
}

}  // namespace

void fill_standard_descriptors() {
  for (int number = 0; number < kStandardDescriptors; ++number)
    if (fcntl(number, F_GETFD) < 0)
      replace_by_null(number);
}

void adopt_orphans() { prctl(PR_SET_CHILD_SUBREAPER, 1); }

void restrict_forks() { pthread_atfork(before_fork, nullptr, restrict_copy); }

pid_t fork_own() {
  is_own_fork = true;
  const pid_t pid = fork();
  is_own_fork = false;
  return pid;
}

std::vector<pid_t> child_processes() {
  const std::string self = std::to_string(getpid());
  std::ifstream file("/proc/" + self + "/task/" + self + "/children");
  std::vector<pid_t> children;
  for (pid_t pid; file >> pid;)
    children.push_back(pid);
  return children;
}

OpenDescriptors::OpenDescriptors(const std::vector<int> &numbers) {
  for (const int number : numbers)
    all_.push_back(describe(number));
}

OpenDescriptors::Descriptor OpenDescriptors::describe(int number) {
  struct stat file = {};  // stays zero for one that is closed
  fstat(number, &file);
  return {number, file.st_dev, file.st_ino};
}

bool OpenDescriptors::are_intact() const {
  return std::all_of(all_.begin(), all_.end(), [](const Descriptor &before) { return describe(before.number) == before; });
}

OwnProcess::OwnProcess(std::vector<int> descriptors) : threads_(thread_count()), standard_({0, 1, 2}), descriptors_(descriptors) {}

std::string OwnProcess::damage() const {
  if (!standard_.are_intact()) {
    for (int number = 0; number < kStandardDescriptors; ++number)
      replace_by_null(number);
    return "standard input or output was closed";
  }
  if (!descriptors_.are_intact())
    return "descriptors of the service were closed";
  if (has_more_threads(threads_))
    return "it left threads behind";
  if (waitpid(-1, nullptr, WNOHANG | __WALL) < 0 && errno == ECHILD)
    return "";
  for (const pid_t child : child_processes())
    kill(child, SIGKILL);
  return "it left processes behind";
}

}  // namespace dqmhub
