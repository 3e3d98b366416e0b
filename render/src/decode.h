// Objects out of the bytes of TBufferFile::WriteObject.
#pragma once
#include <TObject.h>

#include <memory>

#include "protocol.h"

namespace dqmhub {

struct Decoded {
  std::unique_ptr<TObject> object;  // null when there is nothing that can be drawn
  bool broken = false;              // there were bytes, and they are not such an object
  bool too_large = false;           // it has more bins than are drawn
};

Decoded decode(const Encoded &encoded);

// Reads the StreamerInfo of a ROOT file, once per file and process; false when that failed.
bool read_streamers(std::string_view file);

}  // namespace dqmhub
