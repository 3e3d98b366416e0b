// ROOT's painting into an image in memory, with what it does slowly done directly. The pixels are the same.
#pragma once
#include <TImageDump.h>

#include <cstdint>

namespace dqmhub {

// Pixels from `begin` to before `end`, counted from the left or from the top; none when that is not after `begin`.
struct Span {
  int begin = 0, end = 0;
  bool within(int size) const { return begin >= 0 && begin < end && end <= size; }
};

class PixelDump : public TImageDump {
 public:
  PixelDump();
  ~PixelDump() override;

  // A filled box straight into the pixels; ROOT's own way, through the name of the colour, takes most of the time of a
  // large map.
  void DrawBox(Double_t x1, Double_t y1, Double_t x2, Double_t y2) override;

  // The stars of references, straight into the pixels, too: ROOT does that with each of the four lines of a star.
  void DrawPolyMarker(Int_t count, Double_t *x, Double_t *y) override;
  using TImageDump::DrawPolyMarker;

  // The pixels of a box between these places on the pad, in its units: one at least.
  Span columns(double x1, double x2);
  Span rows(double y1, double y2);

  int width() const;
  int height() const;
  uint32_t *pixels() const;  // width x height of 0xAARRGGBB, row by row from the top; null when there is no image

 private:
  void reuse_image(Span across, Span down);
  bool draw_star(int x, int y, uint32_t value);
};

// The pixel value of a colour number. False when it has none that covers what is below: unknown, or transparent.
bool opaque_argb(int colour, uint32_t &value);

}  // namespace dqmhub
