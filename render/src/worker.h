// A worker process: it takes connections from the shared listener and answers one request at a time.
#pragma once
#include <cstdint>
#include <map>
#include <string>

#include "blacklist.h"
#include "protocol.h"
#include "settings.h"
#include "slot.h"

namespace dqmhub {

class Worker {
 public:
  Worker(int listener, Slot &slot, const Settings &settings);

  // What a spare does: false when the service ends before it is needed.
  bool wait_for_turn() const;

  // Serves until SIGTERM, then answers what has arrived and returns.
  void run();

 private:
  struct Connection {
    std::string in, out;     // a request that has not all come; an answer that has not all gone
    int64_t active_ms = 0;   // when the last request ended, or the connection began
    int64_t partial_ms = 0;  // since when something is half done; 0: nothing is
  };
  using Connections = std::map<int, Connection>;

  bool accept_one();
  void make_room();
  void serve(int fd, uint32_t events);
  bool receive(int fd, Connection &connection);
  bool answer_next(int fd, Connection &connection);
  bool send_out(int fd, Connection &connection);
  Answer answer(int fd, std::string_view message);
  Answer lost(Code code, const char *why);
  void retire_if_grown();
  void close_overdue();
  void drain();
  void retire();
  int wait_ms() const;
  Connections::iterator drop(Connections::iterator connection);

  int listener_, epoll_, signals_;
  Slot &slot_;
  Blacklist blacklist_;
  const uint64_t born_bytes_, most_bytes_;  // mapped at birth; from where on another worker takes over
  Connections connections_;
  bool draining_ = false;
};

}  // namespace dqmhub
