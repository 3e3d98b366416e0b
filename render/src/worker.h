// A worker process: accepts connections from the shared listener and serves one request at a time.
#pragma once
#include <cstdint>
#include <map>
#include <string>

#include "blacklist.h"
#include "protocol.h"
#include "settings.h"
#include "worker_slot.h"

namespace dqmhub {

class Worker {
 public:
  Worker(int listener, WorkerSlot &slot, const Settings &settings);

  // Blocks until the master activates this spare. Returns false if the service ends first.
  bool wait_for_activation() const;

  // Serves until SIGTERM, then responds to the requests that have arrived and returns.
  void run();

 private:
  struct Connection {
    std::string input, output;  // an incomplete request; the unsent part of a response
    int64_t active_ms = 0;      // time of the last response, or of the connection
    int64_t partial_ms = 0;     // since when a request or response is incomplete; 0 if none is
  };
  using Connections = std::map<int, Connection>;

  bool accept_connection();
  void drop_idle_connection();
  void serve_connection(int fd, uint32_t events);
  bool receive(int fd, Connection &connection);
  bool respond_to_next(int fd, Connection &connection);
  bool send_pending(int fd, Connection &connection);
  Response respond(int fd, std::string_view message);
  Response fail(Code code, const char *why);
  void retire_if_grown();
  void close_overdue();
  void drain();
  void retire();
  int wait_ms() const;
  Connections::iterator close_connection(Connections::iterator connection);

  int listener_, epoll_, signals_;
  WorkerSlot &slot_;
  Blacklist blacklist_;
  const uint64_t initial_bytes_, retire_bytes_;  // memory at the start; memory from which on the worker retires
  Connections connections_;
  bool draining_ = false;
};

}  // namespace dqmhub
