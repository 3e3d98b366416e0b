#include "png_text.h"

#include <cstdint>

namespace dqmhub {
namespace {

std::string big_endian(uint32_t number) { return {char(number >> 24), char(number >> 16), char(number >> 8), char(number)}; }

// CRC-32 of PNG chunks, computed bit by bit because the texts are short.
uint32_t checksum(const std::string &bytes) {
  uint32_t sum = 0xffffffff;
  for (const unsigned char byte : bytes) {
    sum ^= byte;
    for (int bit = 0; bit < 8; ++bit)
      sum = sum >> 1 ^ (sum & 1 ? 0xedb88320 : 0);
  }
  return ~sum;
}

}  // namespace

std::string add_text_chunk(std::string png, const std::string &key, const std::string &text) {
  constexpr size_t signature_and_header = 8 + 25;
  if (text.empty() || png.size() < signature_and_header || png.compare(1, 3, "PNG") != 0)
    return png;
  const std::string body = "tEXt" + key + '\0' + text;
  return png.insert(signature_and_header, big_endian(body.size() - 4) + body + big_endian(checksum(body)));
}

}  // namespace dqmhub
