#include "listener.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace dqmhub {
namespace {

constexpr int kBacklog = 512;

[[noreturn]] void throw_errno(const std::string &what) { throw std::runtime_error(what + ": " + std::strerror(errno)); }

sockaddr_un socket_address(const std::string &path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path)
    throw std::runtime_error("The path of the socket is too long (" + std::to_string(path.size()) + " bytes, at most " +
                             std::to_string(sizeof address.sun_path - 1) + " are possible): " + path);
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

int open_socket() {
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0)
    throw_errno("Cannot create a socket");
  return fd;
}

bool has_listener(const sockaddr_un &address) {
  const int fd = open_socket();
  const bool connected = connect(fd, reinterpret_cast<const sockaddr *>(&address), sizeof address) == 0 || errno == EAGAIN;
  close(fd);
  return connected;
}

// Polls for up to a second: the workers of a killed master hold its lock and socket for a moment, until they end as well.
template <typename Condition> bool wait_briefly_for(Condition condition) {
  for (int attempt = 0; attempt < 20; ++attempt) {
    if (condition())
      return true;
    usleep(50'000);
  }
  return false;
}

}  // namespace

int open_listener(const std::string &directory, const std::string &socket_path) {
  const sockaddr_un address = socket_address(socket_path);
  const int lock = open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (lock < 0)
    throw_errno("Cannot open the state directory " + directory);
  // The lock is never released explicitly; the kernel releases it when the process ends.
  if (!wait_briefly_for([lock] { return flock(lock, LOCK_EX | LOCK_NB) == 0; }) ||
      !wait_briefly_for([&address] { return !has_listener(address); }))
    throw std::runtime_error("A render service is already running in " + directory + "; stop it first or choose another directory");
  unlink(socket_path.c_str());
  const int listener = open_socket();
  const mode_t mask = umask(0077);  // only this user may connect
  const int bound = bind(listener, reinterpret_cast<const sockaddr *>(&address), sizeof address);
  umask(mask);
  if (bound < 0 || listen(listener, kBacklog) < 0)
    throw_errno("Cannot listen at " + socket_path);
  return listener;
}

}  // namespace dqmhub
