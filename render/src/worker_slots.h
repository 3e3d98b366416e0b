// The slots of all children of the master, in memory that they share.
#pragma once
#include <cstdint>
#include <string_view>

#include "worker_slot.h"

namespace dqmhub {

class WorkerSlots {
 public:
  // Maps memory for `count` slots. Throws std::runtime_error if that is impossible.
  explicit WorkerSlots(size_t count);

  WorkerSlot &operator[](size_t number) { return slots_[number]; }
  const WorkerSlot &operator[](size_t number) const { return slots_[number]; }

  // Tells whether a plot of slot `number`, which has begun, has to wait for plots of the same monitor element in other slots:
  // while one of them takes long, and while `most` of them are drawn, because they may be about to take long. The latter
  // ends soon if all of them turn out to be short. `waiting_ms` is since when the plot has been waiting, 0 if it has not.
  bool must_wait(size_t number, std::string_view name, int64_t waiting_ms, int most) const;

 private:
  const size_t count_;
  WorkerSlot *slots_;
};

}  // namespace dqmhub
