#include "connection.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "protocol.h"

namespace dqmhub {
namespace {

constexpr size_t kChunkBytes = 1 << 18;

}  // namespace

bool Connection::receive(int fd) {
  static char chunk[kChunkBytes];
  while (input.size() < kMaxMessageBytes) {
    const ssize_t got = recv(fd, chunk, sizeof chunk, 0);
    if (got <= 0)
      return got < 0 && (errno == EAGAIN || errno == EINTR);
    input.append(chunk, got);
    if (const auto length = message_length(input); input.size() >= kChunkBytes && *length > 0)
      reserve(std::min(size_t(*length), kMaxMessageBytes));  // growing bit by bit takes up to three times the memory
    if (size_t(got) < sizeof chunk)
      return true;
  }
  return true;
}

void Connection::reserve(size_t size) {
  if (input.capacity() < size)
    input.reserve(size);
}

bool Connection::send_pending(int fd) {
  size_t sent = 0;
  while (sent < output.size()) {
    const ssize_t count = send(fd, output.data() + sent, output.size() - sent, MSG_NOSIGNAL);
    if (count < 0 && errno != EAGAIN && errno != EINTR)
      return false;
    if (count < 0)
      break;
    sent += count;
  }
  output.erase(0, sent);
  if (output.empty() && output.capacity() > kChunkBytes)
    output.shrink_to_fit();
  return true;
}

void Connection::remove_request(size_t size) {
  input.erase(0, size);
  if (input.size() < kChunkBytes && input.capacity() > kChunkBytes)
    input.shrink_to_fit();
}

}  // namespace dqmhub
