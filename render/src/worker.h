// A worker process: accepts connections from the shared listener and serves one request at a time.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "blacklist.h"
#include "connection.h"
#include "own_process.h"
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
  using Connections = std::map<int, Connection>;

  void handle(const epoll_event &event);
  void watch(int fd, uint32_t events, uint32_t serial = 0, bool again = false);
  bool accept_connection();
  void drop_idle_connection();
  void drop_large_connections();
  void serve_connection(int fd, uint32_t events);
  bool exchange(int fd, Connection &connection, uint32_t events);
  bool respond_to_next(int fd, Connection &connection);
  void serve_waiting();
  std::optional<Response> respond(int fd, Connection &connection, std::string_view message);
  Response draw(int fd, const Request &request);
  Response fail(Code code, const char *why);
  void retire_if_damaged();
  void retire_for(const std::string &why);
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
  const OwnProcess process_;
  Connections connections_;
  uint32_t last_serial_ = 0;  // of a connection
  bool draining_ = false;
};

}  // namespace dqmhub
