// The connection of one client: what has arrived of its next request, and what is left to send of a response.
#pragma once
#include <cstdint>
#include <string>

namespace dqmhub {

struct Connection {
  std::string input, output;  // an incomplete request; the unsent part of a response
  uint32_t serial = 0;        // tells it from earlier connections with the same descriptor
  int64_t active_ms = 0;      // time of the last response, or of the connection
  int64_t partial_ms = 0;     // last progress of an incomplete request or response; 0 if none is incomplete
  int64_t waiting_ms = 0;     // since when its request waits for plots of the same monitor element; 0 if it does not
  size_t size() const { return input.size() + output.size(); }
  size_t memory() const { return input.capacity() + output.capacity(); }

  // Reads the bytes that have arrived, up to the maximum message size. Returns false if the client has closed its end.
  // Throws std::bad_alloc.
  bool receive(int fd);

  // Sends as much of the output as possible without blocking. Returns false if the client has disconnected.
  bool send_pending(int fd);

  // Removes a request of `size` bytes from the input.
  void remove_request(size_t size);

 private:
  void reserve(size_t size);
};

}  // namespace dqmhub
