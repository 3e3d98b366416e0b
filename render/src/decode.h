// Decodes objects written by TBufferFile::WriteObject.
#pragma once
#include <TObject.h>

#include <memory>
#include <string>

#include "protocol.h"
#include "streamers.h"

namespace dqmhub {

// Why an object cannot be drawn: its frame is broken, or its content is, or its class versions are unknown.
enum class Fault { none, frame, content };

struct Decoded {
  std::unique_ptr<TObject> object;  // null if there is nothing to draw
  Fault fault = Fault::none;
  std::string undescribed = {};  // with Fault::content: the class version that the request does not describe, "" if another fault
  bool too_large = false;        // it has more than kMaxBins bins
};

// `described`: class versions of the StreamerInfo in the request.
Decoded decode(const EncodedObject &encoded, const ClassVersions &described);

}  // namespace dqmhub
