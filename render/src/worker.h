// A worker process: accepts connections from the shared listener and serves one request at a time.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "blacklist.h"
#include "protocol.h"
#include "settings.h"
#include "worker_slots.h"

struct epoll_event;

namespace dqmhub {

class Worker {
 public:
  // `slots` are those of all children of the master, `number` the one of this process.
  Worker(int listener, WorkerSlots &slots, size_t number, const Settings &settings);

  // Blocks until the master activates this spare. Returns false if the service ends first.
  bool wait_for_activation() const;

  // Serves until SIGTERM, then responds to the requests that have arrived and returns.
  void run();

 private:
  struct Connection {
    std::string input, output;  // an incomplete request; the unsent part of a response
    int64_t active_ms = 0;      // time of the last response, or of the connection
    int64_t partial_ms = 0;     // last progress of an incomplete request or response; 0 if none is incomplete
    int64_t waiting_ms = 0;     // since when its request waits for plots of the same monitor element; 0 if it does not
    size_t size() const { return input.size() + output.size(); }
  };
  using Connections = std::map<int, Connection>;

  void handle(const epoll_event &event);
  bool accept_connection();
  void drop_idle_connection();
  void serve_connection(int fd, uint32_t events);
  bool receive(int fd, Connection &connection);
  bool respond_to_next(int fd, Connection &connection);
  bool send_pending(int fd, Connection &connection);
  void serve_waiting();
  std::optional<Response> respond(int fd, Connection &connection, std::string_view message);
  Response draw(int fd, const Request &request);
  Response fail(Code code, const char *why);
  void retire_if_grown();
  void close_overdue();
  void drain();
  void retire();
  int wait_ms() const;
  Connections::iterator close_connection(Connections::iterator connection);

  int listener_, epoll_, signals_;
  const WorkerSlots &slots_;
  const size_t number_;
  const int most_of_one_name_;  // plots of one monitor element that may be drawn before one has to wait
  WorkerSlot &slot_;
  Blacklist blacklist_;
  const uint64_t initial_bytes_, retire_bytes_;  // memory at the start; memory from which on the worker retires
  Connections connections_;
  bool draining_ = false;
};

}  // namespace dqmhub
