// State of one worker in memory shared with the master and the other workers: its heartbeat, and the current plot with its
// start time.
#pragma once
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <functional>
#include <limits>
#include <string>
#include <string_view>

#include "protocol.h"

namespace dqmhub {

constexpr int kActivateSignal = SIGUSR1;  // the master turns a spare into a worker with it

inline int64_t now_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
}

constexpr int64_t kHeartbeatMs = 1000;  // longest time between two heartbeats of an idle worker or spare

class WorkerSlot {
 public:
  // Called by the worker, and by a spare, at least every kHeartbeatMs while no plot is drawn.
  void beat() { beat_.store(now_ms(), std::memory_order_release); }

  // Called by the worker around each request, which client number `client` has sent.
  void begin_plot(const Request &request, int client) {
    client_.store(client);
    copy(request.name, name_);
    copy(request.spec, spec_);
    copy(request.id, request_);
    name_hash_.store(hash(request.name));
    started_.store(now_ms());
  }
  // Takes back begin_plot: the plot has to wait.
  void cancel_plot() {
    beat();
    started_.store(0);
  }
  std::atomic<int32_t> &active_plugin() { return plugin_; }
  void end_plot() {
    plugin_.store(0, std::memory_order_relaxed);
    client_.store(-1, std::memory_order_relaxed);
    beat();
    started_.store(0, std::memory_order_release);
    plots_.fetch_add(1, std::memory_order_relaxed);
  }
  // Announces that this worker accepts no more connections, so that the master replaces it at once and not only after
  // the kernel has released its memory. Safe to call from a signal handler.
  void mark_leaving() {
    leaving_.store(true, std::memory_order_release);
    kill(getppid(), SIGCHLD);
  }

  // Announces why this worker ends, although it has responded to all requests.
  void set_fault(std::string_view why) { copy(why, fault_); }

  // Called by the other workers. Returns for how long this worker has been drawing the named monitor element, -1 if it does not.
  int64_t drawing_ms(std::string_view name, int64_t now) const {
    const bool drawing = is_busy() && name_hash_.load() == hash(name);
    return drawing ? std::max<int64_t>(busy_ms(now), 0) : -1;
  }

  // Called by the master.
  void reset() {
    beat();
    started_.store(0);
    plugin_.store(0);
    leaving_.store(false);
    copy("", fault_);
  }
  bool is_leaving() const { return leaving_.load(std::memory_order_acquire); }
  uint64_t plot_count() const { return plots_.load(); }
  int client() const { return client_.load(); }
  std::string fault() const { return text(fault_); }
  bool is_busy() const { return started_.load() != 0; }
  int64_t busy_ms(int64_t now) const {
    const int64_t started = started_.load(std::memory_order_acquire);
    return started ? elapsed_ms(started, now) : 0;
  }
  // Time since the last heartbeat; 0 while a plot is drawn, which has a limit of its own.
  int64_t silent_ms(int64_t now) const { return is_busy() ? 0 : elapsed_ms(beat_.load(std::memory_order_acquire), now); }
  // A faulty worker may have overwritten any of this, also the terminating NULs.
  std::string description() const { return "'" + text(name_) + "' as '" + text(spec_) + "'"; }

  // The id of the HTTP request of the current plot, or of the last one.
  std::string request() const { return text(request_); }

 private:
  static uint64_t hash(std::string_view name) { return std::hash<std::string_view>()(name); }
  // A faulty worker may have written a time in the future: then it is overdue.
  static int64_t elapsed_ms(int64_t since, int64_t now) {
    constexpr int64_t slack_ms = 1000;  // another process may have read the clock after this one
    return since > now + slack_ms ? std::numeric_limits<int32_t>::max() : now - since;
  }
  template <size_t size> static void copy(std::string_view text, char (&to)[size]) {
    const size_t length = std::min(text.size(), size - 1);
    std::memcpy(to, text.data(), length);
    to[length] = '\0';
  }
  template <size_t size> static std::string text(const char (&from)[size]) { return {from, strnlen(from, size)}; }
  std::atomic<int64_t> beat_;     // last heartbeat, milliseconds of the steady clock
  std::atomic<int64_t> started_;  // start of the current plot on the same clock; 0 when idle
  std::atomic<uint64_t> name_hash_;
  std::atomic<uint64_t> plots_;
  std::atomic<bool> leaving_;
  std::atomic<int32_t> plugin_;  // number of the running plugin, see plugin_name(); 0 if none
  std::atomic<int32_t> client_;  // descriptor of the client in the worker
  char fault_[1024];
  char name_[1024];
  char spec_[512];
  char request_[kMaxIdBytes + 1];
};
static_assert(std::atomic<int64_t>::is_always_lock_free, "shared between processes");

}  // namespace dqmhub
