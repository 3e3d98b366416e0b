#pragma once
#include <string>

namespace dqmhub {

// Locks the state directory for this process and returns a listening socket in it. Replaces the socket of a service that
// has died. Throws std::runtime_error if another service runs in the directory or the path is too long for a socket.
int open_listener(const std::string &directory, const std::string &socket_path);

}  // namespace dqmhub
