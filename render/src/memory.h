// How much memory a process has mapped, which is what RLIMIT_AS limits.
#pragma once
#include <fcntl.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>

namespace dqmhub {

// Bytes, this process; 0 when the system does not say.
inline uint64_t mapped_bytes() {
  char text[32] = {};
  const int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  const ssize_t got = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
  close(fd);
  return got > 0 ? std::strtoull(text, nullptr, 10) * sysconf(_SC_PAGESIZE) : 0;
}

}  // namespace dqmhub
