// Caches glyph outlines. ROOT loads each letter from the font file whenever it measures or draws text, several times per
// plot, which takes nearly half the time of a small plot. ROOT has no hook for a cache, so this file replaces FT_Load_Glyph:
// the linker resolves the calls in ROOT's libraries to this definition. The glyph slot has exactly the same content
// afterwards. ROOT sets the slant of a font when it opens it, so the face identifies the slant, too.
#include <dlfcn.h>
#include <ft2build.h>
#include FT_FREETYPE_H

#include <cstdlib>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <vector>

namespace dqmhub {
namespace {

// Cache key: a glyph of a font at a size. Scales are 16.16 fixed-point factors.
struct Letter {
  FT_Face face;
  FT_UInt index;
  FT_Int32 flags;
  FT_Fixed x_scale, y_scale;
  auto all() const { return std::tie(face, index, flags, x_scale, y_scale); }
  bool operator==(const Letter &other) const { return all() == other.all(); }
};

struct Hash {
  size_t operator()(const Letter &letter) const {
    size_t sum = reinterpret_cast<size_t>(letter.face);
    for (size_t part : {size_t(letter.index), size_t(letter.flags), size_t(letter.x_scale), size_t(letter.y_scale)})
      sum = sum * 1000003 + part;
    return sum;
  }
};

// The part of a glyph slot that FT_Load_Glyph sets for an outline.
class Outline {
 public:
  explicit Outline(const FT_GlyphSlotRec_ &slot)
      : slot_(slot),
        points_(slot.outline.points, slot.outline.points + slot.outline.n_points),
        tags_(slot.outline.tags, slot.outline.tags + slot.outline.n_points),
        contours_(slot.outline.contours, slot.outline.contours + slot.outline.n_contours) {}

  void put_into(FT_GlyphSlotRec_ &slot) {
    slot.format = slot_.format;
    slot.metrics = slot_.metrics;
    slot.linearHoriAdvance = slot_.linearHoriAdvance;
    slot.linearVertAdvance = slot_.linearVertAdvance;
    slot.advance = slot_.advance;
    slot.lsb_delta = slot_.lsb_delta;
    slot.rsb_delta = slot_.rsb_delta;
    slot.outline = slot_.outline;
    slot.outline.points = points_.data();
    slot.outline.tags = tags_.data();
    slot.outline.contours = contours_.data();
  }

 private:
  FT_GlyphSlotRec_ slot_;
  std::vector<FT_Vector> points_;
  std::vector<std::remove_pointer_t<decltype(FT_Outline::tags)>> tags_;
  std::vector<std::remove_pointer_t<decltype(FT_Outline::contours)>> contours_;
};

std::unordered_map<Letter, Outline, Hash> outlines;

}  // namespace
}  // namespace dqmhub

extern "C" FT_Error FT_Load_Glyph(FT_Face face, FT_UInt index, FT_Int32 flags) {
  using namespace dqmhub;
  static const auto load = reinterpret_cast<decltype(&FT_Load_Glyph)>(dlsym(RTLD_NEXT, "FT_Load_Glyph"));
  constexpr size_t max_outlines = 4096;  // about 4 MB
  if (!load)
    std::abort();                                                                 // impossible once ROOT has been loaded
  const bool ordinary = flags == FT_LOAD_DEFAULT || flags == FT_LOAD_NO_HINTING;  // excludes unscaled glyphs, among others
  if (!ordinary || !face || !face->size)
    return load(face, index, flags);
  const Letter letter = {face, index, flags, face->size->metrics.x_scale, face->size->metrics.y_scale};
  if (const auto known = outlines.find(letter); known != outlines.end()) {
    known->second.put_into(*face->glyph);
    return 0;
  }
  const FT_Error error = load(face, index, flags);
  if (outlines.size() == max_outlines)
    outlines.clear();
  if (!error && face->glyph->format == FT_GLYPH_FORMAT_OUTLINE)
    outlines.emplace(letter, *face->glyph);
  return error;
}
