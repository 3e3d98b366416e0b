// What a worker tells its master, in memory that both see: what it draws, and since when.
#pragma once
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace dqmhub {

constexpr int kYourTurn = SIGUSR1;  // by which the master tells a spare to work

inline int64_t now_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
}

class Slot {
 public:
  // The worker's side: around each request.
  void begin(std::string_view name, std::string_view spec) {
    copy(name, name_);
    copy(spec, spec_);
    started_.store(now_ms(), std::memory_order_release);
  }
  std::atomic<int32_t> &plugin() { return plugin_; }
  void end() {
    plugin_.store(0, std::memory_order_relaxed);
    started_.store(0, std::memory_order_release);
    plots_.fetch_add(1, std::memory_order_relaxed);
  }
  // This worker takes no more connections: another may take its place at once, long before the kernel has taken this
  // one apart. May be called by a handler of signals.
  void leave() {
    leaving_.store(true, std::memory_order_release);
    kill(getppid(), SIGCHLD);
  }

  // The master's side.
  void clear() {
    started_.store(0);
    plugin_.store(0);
    leaving_.store(false);
  }
  bool leaving() const { return leaving_.load(std::memory_order_acquire); }
  uint64_t plots() const { return plots_.load(); }
  bool busy() const { return started_.load(std::memory_order_acquire) != 0; }
  int64_t busy_ms(int64_t now) const {
    const int64_t started = started_.load(std::memory_order_acquire);
    return started ? now - started : 0;
  }
  // A worker that went astray may have written anything here.
  std::string what() const { return "'" + text(name_) + "' as '" + text(spec_) + "'"; }

 private:
  template <size_t size> static void copy(std::string_view text, char (&to)[size]) {
    const size_t length = std::min(text.size(), size - 1);
    std::memcpy(to, text.data(), length);
    to[length] = '\0';
  }
  template <size_t size> static std::string text(const char (&from)[size]) { return {from, strnlen(from, size)}; }
  std::atomic<int64_t> started_;  // milliseconds of the steady clock; 0 when idle
  std::atomic<uint64_t> plots_;
  std::atomic<bool> leaving_;
  std::atomic<int32_t> plugin_;  // the one that is at work, as plugin_name() has it
  char name_[1024];
  char spec_[512];
};
static_assert(std::atomic<int64_t>::is_always_lock_free, "shared between processes");

}  // namespace dqmhub
