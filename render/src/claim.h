#pragma once
#include <string>

namespace dqmhub {

// Takes the state directory for this process alone and gives a listening socket in it. A socket left by a dead
// service is replaced. Throws std::runtime_error when a service lives there, or the path is too long for a socket.
int claim(const std::string &directory, const std::string &socket_path);

}  // namespace dqmhub
