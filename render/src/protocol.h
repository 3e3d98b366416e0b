// The binary protocol of the render service: one length-prefixed request, one answer, any number of times on one
// connection. Numbers are in the machine's own byte order; both ends are on one host.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dqmhub {

constexpr size_t kLargestMessage = 64u << 20;
constexpr int32_t kMostObjects = 10;
constexpr int32_t kMostBins = 10'000'000;     // of one object, those beyond its edges included
constexpr int32_t kMostDrawnBins = 250'000;  // the same in an SVG or a PDF

// What a request's `flags` say: a type in the low byte (scalars up to kScalar), and properties.
constexpr uint32_t kTypeMask = 0xff;
constexpr uint32_t kScalar = 0x0f;
constexpr uint32_t kEfficiency = 0x00200000;

struct Encoded {
  std::string_view bytes;
  int32_t displacement;
};

// One request; the views point into the message.
struct Request {
  uint32_t flags = 0;
  uint64_t version = 0;
  std::string_view streamers;  // what describes older versions of classes: a ROOT file, or NUL, displacement, list
  std::string_view name;       // the path of the monitor element
  std::string_view spec;
  std::string_view text;          // a scalar's value
  std::vector<Encoded> encoded;   // a histogram and what is drawn over it
  bool scalar() const { return (flags & kTypeMask) <= kScalar; }
};

// From kFailed on the payload is text in place of a picture: why, and on a second line the plugin that was at work.
enum Code : int32_t {
  kOk = 0,
  kNoStreamer = 1,
  kError = 2,
  // The worker is lost.
  kFailed = 3,
  kCrashed = 4,
  kOverrun = 5,
  kCpuOverrun = 6,
  kNoMemory = 7,
  // More was asked for than is drawn.
  kTooWide = 8,
  kTooHigh = 9,
  kTooManyObjects = 10,
  kTooManyBins = 11,
  kTooLong = 12,
};

struct Answer {
  int32_t code = kOk;
  std::string payload;
};

// The length that a buffered message claims; nothing before its first four bytes are there.
std::optional<int32_t> claimed_length(std::string_view buffer);

// Reads the request in one whole message; not kOk when it breaks the protocol or has too many objects.
Code parse_request(std::string_view message, Request &request);

// The answer to what is refused with this code.
Answer refusal(Code code);

// The answer's bytes on the wire.
std::string frame(const Answer &answer);

}  // namespace dqmhub
