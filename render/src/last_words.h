// The last words of a worker: the answer that its client gets when a plot brings the worker down.
#pragma once
#include "settings.h"
#include "slot.h"

namespace dqmhub {

// From now on a crash, and a plot that takes too much time, is answered before the process ends by its signal.
// `slot` knows the plugin that is at work, and tells the master that the worker is lost.
void prepare_last_words(const Settings &settings, Slot &slot);

// While it lives a plot is drawn for the client at descriptor `client`, within the limit on CPU time.
class Drawing {
 public:
  explicit Drawing(int client);
  ~Drawing();
  Drawing(const Drawing &) = delete;
};

}  // namespace dqmhub
