// Binary protocol of the render service: a connection carries any number of length-prefixed requests, each followed by
// one response. Numbers are in the machine's byte order, because client and service run on the same host.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dqmhub {

constexpr size_t kMaxMessageBytes = 64u << 20;
constexpr int32_t kMaxObjects = 10;
constexpr size_t kMaxIdBytes = 64;
constexpr int32_t kMaxBins = 10'000'000;     // bins of one object, under- and overflow included
constexpr int32_t kMaxVectorBins = 250'000;  // the same limit for SVG and PDF

// Bits of a request's `flags`: the ME type in the low byte (scalars up to kScalar), then properties.
constexpr uint32_t kTypeMask = 0xff;
constexpr uint32_t kScalar = 0x0f;
constexpr uint32_t kEfficiency = 0x00200000;

// Type of a message in which each object is followed by an earlier snapshot of it; any other type has none.
constexpr int32_t kWithEarlier = 5;

struct EncodedObject {
  std::string_view bytes;  // written by TBufferFile::WriteObject; empty if the object is missing
  int32_t displacement;    // added to the offsets stored in `bytes`
};

// One request. The views point into the message.
struct Request {
  uint32_t flags = 0;
  uint64_t version = 0;
  std::string_view streamers;  // StreamerInfo of older class versions: path of a ROOT file, or NUL, displacement and list
  std::string_view name;       // path of the monitor element
  std::string_view spec;
  std::string_view id;                 // of the HTTP request, for the log; a spec may end with ";request=" and it
  std::string_view text;               // value of a scalar
  std::vector<EncodedObject> objects;  // a histogram, then its references
  std::vector<EncodedObject> earlier;  // snapshots to be subtracted, one for each object or none at all
  bool scalar() const { return (flags & kTypeMask) <= kScalar; }
};

// From kFailed on, the payload is text instead of an image: the reason, and on a second line the plugin that was running.
enum Code : int32_t {
  kOk = 0,
  kNoStreamer = 1,
  kError = 2,
  // The worker process is lost.
  kFailed = 3,
  kCrashed = 4,
  kWallTimeExceeded = 5,
  kCpuTimeExceeded = 6,
  kMemoryExceeded = 7,
  // The request exceeds a limit.
  kTooWide = 8,
  kTooHigh = 9,
  kTooManyObjects = 10,
  kTooManyBins = 11,
  kTooLong = 12,
  // An object cannot be read: no file describes its class version.
  kUndescribed = 13,
  // An earlier snapshot of an object cannot be subtracted from it.
  kNotSubtracted = 14,
};

struct Response {
  int32_t code = kOk;
  std::string payload;
};

// Returns the length stated by a buffered message, or nothing if fewer than four bytes have arrived.
std::optional<int32_t> message_length(std::string_view buffer);

// Parses one complete message. Returns kError if it violates the protocol, kTooManyObjects if it has too many objects.
Code parse_request(std::string_view message, Request &request);

// Returns the response for a request rejected with this code.
Response error_response(Code code);

// Returns the response as sent to the client.
std::string encode_response(const Response &answer);

}  // namespace dqmhub
