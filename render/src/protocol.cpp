#include "protocol.h"

#include <algorithm>
#include <cctype>
#include <cstring>

#include "spec.h"

namespace dqmhub {
namespace {

struct Header {
  int32_t total, type;
  uint32_t flags, version_low, version_high;
  int32_t objects;
  uint32_t streamers, name, spec, data, tests;
};
static_assert(sizeof(Header) == 44, "eleven packed 32-bit numbers");

// Splits the data into `count` objects, each preceded by its length and displacement. Returns false unless they fill the
// data exactly.
bool split_objects(std::string_view data, int count, std::vector<EncodedObject> &objects) {
  for (int i = 0; i < count; ++i) {
    uint32_t length;
    int32_t displacement;
    if (data.size() < sizeof length + sizeof displacement)
      return false;
    std::memcpy(&length, data.data(), sizeof length);
    std::memcpy(&displacement, data.data() + sizeof length, sizeof displacement);
    data.remove_prefix(sizeof length + sizeof displacement);
    if (length > data.size())
      return false;
    objects.push_back({data.substr(0, length), displacement});
    data.remove_prefix(length);
  }
  return data.empty();
}

// The same for objects that are each followed by an earlier snapshot.
bool split_pairs(std::string_view data, int count, Request &request) {
  std::vector<EncodedObject> both;
  if (!split_objects(data, 2 * count, both))
    return false;
  for (size_t i = 0; i < both.size(); i += 2) {
    request.objects.push_back(both[i]);
    request.earlier.push_back(both[i + 1]);
  }
  return true;
}

// Takes the id of a request from the end of its specification. Leaves there what is none, so that the specification is invalid.
void split_id(Request &request) {
  constexpr std::string_view key = ";request=";
  const auto at = request.spec.rfind(key);
  if (at == request.spec.npos)
    return;
  const auto id = request.spec.substr(at + key.size());
  const auto is_allowed = [](unsigned char c) { return (c < 0x80 && std::isalnum(c)) || c == '-' || c == '_'; };
  if (id.empty() || id.size() > kMaxIdBytes || !std::all_of(id.begin(), id.end(), is_allowed))
    return;
  request.id = id;
  request.spec = request.spec.substr(0, at);
}

}  // namespace

std::optional<int32_t> message_length(std::string_view buffer) {
  int32_t total;
  if (buffer.size() < sizeof total)
    return {};
  std::memcpy(&total, buffer.data(), sizeof total);
  return total;
}

Code parse_request(std::string_view message, Request &request) {
  Header header;
  if (message.size() < sizeof header)
    return kError;
  std::memcpy(&header, message.data(), sizeof header);
  const uint64_t body = uint64_t(header.streamers) + header.name + header.spec + header.data + header.tests;
  if (message.size() != sizeof header + body || header.objects < 1)
    return kError;
  if (header.objects > kMaxObjects)
    return kTooManyObjects;

  message.remove_prefix(sizeof header);
  auto take_part = [&message](uint32_t length) {
    auto part = message.substr(0, length);
    message.remove_prefix(length);
    return part;
  };
  request.flags = header.flags;
  request.version = uint64_t(header.version_high) << 32 | header.version_low;
  request.streamers = take_part(header.streamers);
  request.name = take_part(header.name);
  request.spec = take_part(header.spec);
  split_id(request);
  const auto data = take_part(header.data);
  if (request.scalar())
    request.text = data.substr(0, data.find('\0'));
  else if (header.type == kWithEarlier ? !split_pairs(data, header.objects, request)
                                       : !split_objects(data, header.objects, request.objects))
    return kError;
  return kOk;
}

Response error_response(Code code) {
  const auto at_most = [](size_t number, const char *what) { return "at most " + std::to_string(number) + what; };
  switch (code) {
    case kTooWide: return {code, at_most(kMaxSide, " pixels wide")};
    case kTooHigh: return {code, at_most(kMaxSide, " pixels high")};
    case kTooManyObjects: return {code, at_most(kMaxObjects, " objects in one picture")};
    case kTooManyBins: return {code, at_most(kMaxBins, " bins in one object")};
    case kTooLong: return {code, at_most(kMaxMessageBytes, " bytes in one request")};
    default: return {code, ""};
  }
}

std::string encode_response(const Response &answer) {
  const int32_t head[2] = {answer.code, int32_t(answer.payload.size())};
  std::string bytes(reinterpret_cast<const char *>(head), sizeof head);
  return bytes += answer.payload;
}

}  // namespace dqmhub
