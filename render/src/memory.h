// Size of the memory that a process has mapped, the quantity limited by RLIMIT_AS.
#pragma once
#include <fcntl.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>

namespace dqmhub {

// Returns the bytes mapped by this process, or 0 if the system does not report them.
inline uint64_t mapped_bytes() {
  char text[32] = {};
  const int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  const ssize_t got = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
  close(fd);
  return got > 0 ? std::strtoull(text, nullptr, 10) * sysconf(_SC_PAGESIZE) : 0;
}

}  // namespace dqmhub
