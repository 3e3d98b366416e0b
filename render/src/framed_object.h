// Objects as written by TBufferFile::WriteObject: a frame with byte count and class name, then the content.
#pragma once
#include <TObject.h>

#include <memory>
#include <string>
#include <string_view>

#include "streamers.h"

namespace dqmhub {

// Returns the object at the start of the bytes; empty if its frame is incomplete: a byte count within the buffer, the
// new-class tag and the class name. ROOT does not check these and would read beyond the end of a truncated object.
std::string_view first_framed_object(std::string_view bytes);

// Whether ROOT can read a histogram with a valid frame: each of its classes down to TH1 has the version of the installed ROOT
// or one of `described`. ROOT misreads other versions, and objects without byte counts, before it complains.
struct Layout {
  bool known;
  std::string undescribed;  // "version 3 of the class TH1"; empty if it is known, or no version that a class ever had
};
Layout check_layout(std::string_view bytes, const ClassVersions &described);

// Reads an object with a valid frame; null if its class is none of ROOT's.
std::unique_ptr<TObject> read_object(std::string_view bytes, int32_t displacement);

}  // namespace dqmhub
