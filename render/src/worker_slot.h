// State of one worker in memory shared with the master: the current plot and its start time.
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

constexpr int kActivateSignal = SIGUSR1;  // the master turns a spare into a worker with it

inline int64_t now_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
}

class WorkerSlot {
 public:
  // Called by the worker around each request.
  void begin_plot(std::string_view name, std::string_view spec) {
    copy(name, name_);
    copy(spec, spec_);
    started_.store(now_ms(), std::memory_order_release);
  }
  std::atomic<int32_t> &active_plugin() { return plugin_; }
  void end_plot() {
    plugin_.store(0, std::memory_order_relaxed);
    started_.store(0, std::memory_order_release);
    plots_.fetch_add(1, std::memory_order_relaxed);
  }
  // Announces that this worker accepts no more connections, so that the master replaces it at once and not only after
  // the kernel has released its memory. Safe to call from a signal handler.
  void mark_leaving() {
    leaving_.store(true, std::memory_order_release);
    kill(getppid(), SIGCHLD);
  }

  // Called by the master.
  void reset() {
    started_.store(0);
    plugin_.store(0);
    leaving_.store(false);
  }
  bool is_leaving() const { return leaving_.load(std::memory_order_acquire); }
  uint64_t plot_count() const { return plots_.load(); }
  bool is_busy() const { return started_.load(std::memory_order_acquire) != 0; }
  int64_t busy_ms(int64_t now) const {
    const int64_t started = started_.load(std::memory_order_acquire);
    return started ? now - started : 0;
  }
  // A faulty worker may have overwritten any of this, also the terminating NULs.
  std::string description() const { return "'" + text(name_) + "' as '" + text(spec_) + "'"; }

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
  std::atomic<int32_t> plugin_;  // number of the running plugin, see plugin_name(); 0 if none
  char name_[1024];
  char spec_[512];
};
static_assert(std::atomic<int64_t>::is_always_lock_free, "shared between processes");

}  // namespace dqmhub
