// Objects out of the bytes of TBufferFile::WriteObject.
#pragma once
#include <TObject.h>

#include <memory>
#include <string>

#include "protocol.h"

namespace dqmhub {

struct Decoded {
  std::unique_ptr<TObject> object;  // null when there is nothing that can be drawn
  bool broken = false;              // there were bytes, and they are not such an object
  bool too_large = false;           // it has more bins than are drawn
};

Decoded decode(const Encoded &encoded);

// Reads the StreamerInfo that a request brings, or those of the file that it names, once per process; false when that failed.
bool read_streamers(std::string_view streamers);

// Lets requests name files below this folder.
void allow_streamers(const std::string &folder);

}  // namespace dqmhub
