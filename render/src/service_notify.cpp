#include "service_notify.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "worker_slot.h"

namespace dqmhub {
namespace {

constexpr int kMessagesPerWatchdog = 4;  // systemd advises at least two
constexpr int64_t kFilePeriodMs = 1000;  // without a watchdog, the file gets a new time at most this often

// Waits at most a second for systemd to take the message: the service must not hang with it.
void send_message(const char *message) {
  const char *path = std::getenv("NOTIFY_SOCKET");
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (!path || !*path || std::strlen(path) >= sizeof address.sun_path)
    return;
  std::memcpy(address.sun_path, path, std::strlen(path));
  const socklen_t size = offsetof(sockaddr_un, sun_path) + std::strlen(path);
  if (address.sun_path[0] == '@')  // stands for the zero byte of an abstract socket
    address.sun_path[0] = 0;
  const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0)
    return;
  const timeval most = {1, 0};
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &most, sizeof most);
  sendto(fd, message, std::strlen(message), 0, reinterpret_cast<const sockaddr *>(&address), size);
  close(fd);
}

void touch(const char *path) {
  const int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0)
    return;
  futimens(fd, nullptr);
  close(fd);
}

}  // namespace

void notify_ready() { send_message("READY=1"); }

void notify_alive() {
  static int64_t last_ms = 0;
  const char *watchdog_us = std::getenv("WATCHDOG_USEC");
  const char *file = std::getenv("DQMHUB_ALIVE_FILE");
  const int64_t period_ms = watchdog_us ? std::atoll(watchdog_us) / 1000 / kMessagesPerWatchdog : kFilePeriodMs;
  if (now_ms() - last_ms < period_ms)
    return;
  last_ms = now_ms();
  if (watchdog_us)
    send_message("WATCHDOG=1");
  if (file && *file)
    touch(file);
}

void notify_stopping() { send_message("STOPPING=1"); }

}  // namespace dqmhub
