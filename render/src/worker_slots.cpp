#include "worker_slots.h"

#include <sys/mman.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>

namespace dqmhub {
namespace {

constexpr int64_t kLongPlotMs = 2000, kShortPlotMs = 20;

}  // namespace

WorkerSlots::WorkerSlots(size_t count) : count_(count) {
  void *memory = mmap(nullptr, count * sizeof(WorkerSlot), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED)
    throw std::runtime_error(std::string("Cannot map shared memory: ") + std::strerror(errno));
  slots_ = static_cast<WorkerSlot *>(memory);  // zero-filled, which means idle
}

bool WorkerSlots::must_wait(size_t number, std::string_view name, int64_t waiting_ms, int most) const {
  const int64_t now = now_ms();
  int64_t longest_ms = 0;
  int drawn = 0;
  for (size_t i = 0; i < count_; ++i) {
    const int64_t drawing_ms = i == number ? -1 : slots_[i].drawing_ms(name, now);
    drawn += drawing_ms >= 0;
    longest_ms = std::max(longest_ms, drawing_ms);
  }
  const bool all_short = waiting_ms && now - waiting_ms >= kShortPlotMs && longest_ms < kShortPlotMs;
  return longest_ms >= kLongPlotMs || (drawn >= most && !all_short);
}

}  // namespace dqmhub
