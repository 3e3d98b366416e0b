#include "claim.h"

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

[[noreturn]] void fail(const std::string &what) { throw std::runtime_error(what + ": " + std::strerror(errno)); }

sockaddr_un address(const std::string &path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path)
    throw std::runtime_error("the path of the socket is too long, " + std::to_string(path.size()) + " of at most " +
                             std::to_string(sizeof address.sun_path - 1) + " bytes: " + path);
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

int open_socket() {
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0)
    fail("cannot make a socket");
  return fd;
}

bool answers(const sockaddr_un &at) {
  const int fd = open_socket();
  const bool connected = connect(fd, reinterpret_cast<const sockaddr *>(&at), sizeof at) == 0 || errno == EAGAIN;
  close(fd);
  return connected;
}

// Workers of a master that was killed hold its lock and its socket for the instant until they end too.
template <typename Condition> bool soon(Condition condition) {
  for (int attempt = 0; attempt < 20; ++attempt) {
    if (condition())
      return true;
    usleep(50'000);
  }
  return false;
}

}  // namespace

int claim(const std::string &directory, const std::string &socket_path) {
  const sockaddr_un at = address(socket_path);
  const int lock = open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (lock < 0)
    fail("cannot open the state directory " + directory);
  // The lock is never let go: the kernel does that when the process ends, however it ends.
  if (!soon([lock] { return flock(lock, LOCK_EX | LOCK_NB) == 0; }) || !soon([&at] { return !answers(at); }))
    throw std::runtime_error("a render service is already running in " + directory + "; stop it first or choose another directory");
  unlink(socket_path.c_str());
  const int listener = open_socket();
  const mode_t mask = umask(0077);  // the socket is for this user alone
  const int bound = bind(listener, reinterpret_cast<const sockaddr *>(&at), sizeof at);
  umask(mask);
  if (bound < 0 || listen(listener, kBacklog) < 0)
    fail("cannot listen at " + socket_path);
  return listener;
}

}  // namespace dqmhub
