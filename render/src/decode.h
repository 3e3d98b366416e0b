// Decodes objects written by TBufferFile::WriteObject.
#pragma once
#include <TObject.h>

#include <memory>
#include <string>

#include "protocol.h"

namespace dqmhub {

struct Decoded {
  std::unique_ptr<TObject> object;  // null if there is nothing to draw
  bool invalid = false;             // the bytes are not a valid object
  bool too_large = false;           // it has more than kMaxBins bins
};

Decoded decode(const EncodedObject &encoded);

// Loads the StreamerInfo contained in a request, or in the file that it names, once per process. Returns false if that
// fails.
bool load_streamers(std::string_view streamers);

// Allows requests to name files below this folder.
void allow_streamer_folder(const std::string &folder);

}  // namespace dqmhub
