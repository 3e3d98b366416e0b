#include "png.h"

#include <algorithm>
#include <stdexcept>
#include <vector>
#ifdef DQMHUB_ISAL
#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>
#else
#include <zlib.h>
#endif

namespace dqmhub {
namespace {

constexpr uint32_t kColours = 256;
constexpr uint32_t kHashSlots = 1024;  // size of the hash table: a power of two, four times the colours
constexpr uint32_t kOpaque = 0xff000000;

// Assigns an index to each colour, in order of first use.
class Palette {
 public:
  // Returns the index of a colour, or kColours if the palette is full.
  uint32_t index(uint32_t pixel) {
    const uint32_t colour = pixel | kOpaque;
    for (uint32_t slot = colour * 2654435761u >> 22;; slot = (slot + 1) % kHashSlots) {
      if (slots_[slot] == colour)
        return indices_[slot];
      if (slots_[slot] == 0) {
        if (count_ == kColours)
          return kColours;
        slots_[slot] = colour;
        return indices_[slot] = add(colour);
      }
    }
  }
  std::string bytes() const { return bytes_; }

 private:
  uint32_t add(uint32_t colour) {
    bytes_ += {char(colour >> 16), char(colour >> 8), char(colour)};
    return count_++;
  }
  uint32_t slots_[kHashSlots] = {};
  uint32_t indices_[kHashSlots];
  uint32_t count_ = 0;
  std::string bytes_;
};

// Returns rows of palette indices, each preceded by filter byte 0 (none); empty if the palette overflows.
std::string indexed_rows(const uint32_t *pixels, uint32_t width, uint32_t height, Palette &palette) {
  std::string rows((size_t(width) + 1) * height, '\0');
  char *out = &rows[0];
  uint32_t last = pixels[0], index = palette.index(last);
  for (uint32_t y = 0; y < height; ++y) {
    if (y > 0 && std::equal(pixels, pixels + width, pixels - width)) {  // true for most rows
      out = std::copy_n(out - width - 1, width + 1, out);
      pixels += width;
      continue;
    }
    ++out;
    for (uint32_t x = 0; x < width; ++x, ++pixels) {
      if (*pixels != last) {
        index = palette.index(last = *pixels);
        if (index == kColours)
          return {};
      }
      *out++ = char(index);
    }
  }
  return rows;
}

std::string rgb_rows(const uint32_t *pixels, uint32_t width, uint32_t height) {
  std::string rows((size_t(width) * 3 + 1) * height, '\0');
  char *out = &rows[0];
  for (uint32_t y = 0; y < height; ++y) {
    ++out;
    for (uint32_t x = 0; x < width; ++x, ++pixels) {
      *out++ = char(*pixels >> 16);
      *out++ = char(*pixels >> 8);
      *out++ = char(*pixels);
    }
  }
  return rows;
}

#ifdef DQMHUB_ISAL
std::string deflate_rows(std::string &rows) {
  static std::vector<uint8_t> work(ISAL_DEF_LVL1_DEFAULT);
  std::string out(rows.size() + rows.size() / 8 + 1024, '\0');
  isal_zstream stream;
  isal_deflate_stateless_init(&stream);
  stream.level = 1;
  stream.level_buf = work.data();
  stream.level_buf_size = work.size();
  stream.gzip_flag = IGZIP_ZLIB;
  stream.end_of_stream = 1;
  stream.next_in = reinterpret_cast<uint8_t *>(&rows[0]);
  stream.avail_in = rows.size();
  stream.next_out = reinterpret_cast<uint8_t *>(&out[0]);
  stream.avail_out = out.size();
  if (isal_deflate_stateless(&stream) != COMP_OK)
    throw std::runtime_error("deflate failed");
  out.resize(stream.total_out);
  return out;
}

uint32_t checksum(const std::string &bytes) { return crc32_gzip_refl(0, reinterpret_cast<const uint8_t *>(bytes.data()), bytes.size()); }
#else
std::string deflate_rows(std::string &rows) {
  uLongf length = compressBound(rows.size());
  std::string out(length, '\0');
  if (compress2(reinterpret_cast<Bytef *>(&out[0]), &length, reinterpret_cast<const Bytef *>(rows.data()), rows.size(), 1) != Z_OK)
    throw std::runtime_error("deflate failed");
  out.resize(length);
  return out;
}

uint32_t checksum(const std::string &bytes) { return crc32(0, reinterpret_cast<const Bytef *>(bytes.data()), bytes.size()); }
#endif

std::string big_endian(uint32_t value) { return {char(value >> 24), char(value >> 16), char(value >> 8), char(value)}; }

std::string chunk(const char *type, const std::string &content) {
  const std::string body = type + content;
  return big_endian(content.size()) + body + big_endian(checksum(body));
}

}  // namespace

std::string encode_png(const uint32_t *pixels, uint32_t width, uint32_t height) {
  enum : char { rgb = 2, indexed = 3 };
  Palette palette;
  std::string rows = indexed_rows(pixels, width, height, palette);
  const char kind = rows.empty() ? rgb : indexed;
  if (kind == rgb)
    rows = rgb_rows(pixels, width, height);
  const std::string header = big_endian(width) + big_endian(height) + std::string{8, kind, 0, 0, 0};
  return "\x89PNG\r\n\x1a\n" + chunk("IHDR", header) + (kind == indexed ? chunk("PLTE", palette.bytes()) : "") +
         chunk("IDAT", deflate_rows(rows)) + chunk("IEND", "");
}

}  // namespace dqmhub
