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
  std::string_view streamers;  // a ROOT file whose StreamerInfo is to be read first
  std::string_view name;       // the path of the monitor element
  std::string_view spec;
  std::string_view text;          // a scalar's value
  std::vector<Encoded> encoded;   // a histogram and what is drawn over it
  bool scalar() const { return (flags & kTypeMask) <= kScalar; }
};

enum Code : int32_t { kOk = 0, kNoStreamer = 1, kError = 2, kFailed = 3 };

struct Answer {
  int32_t code = kOk;
  std::string payload;
};

// The length that a buffered message claims; nothing before its first four bytes are there.
std::optional<int32_t> claimed_length(std::string_view buffer);

// The request in one whole message, or nothing when it breaks the protocol.
std::optional<Request> parse_request(std::string_view message);

// The answer's bytes on the wire.
std::string frame(const Answer &answer);

}  // namespace dqmhub
