// Paints into an image in memory like TImageDump, with faster implementations of slow operations. The pixels are the same.
#pragma once
#include <TImageDump.h>

#include <cstdint>

namespace dqmhub {

// Pixels from `begin` up to, not including, `end`, counted from the left or the top. Empty if `end` <= `begin`.
struct Span {
  int begin = 0, end = 0;
  bool within(int size) const { return begin >= 0 && begin < end && end <= size; }
};

class PixelDump : public TImageDump {
 public:
  PixelDump();
  ~PixelDump() override;

  // Fills a box directly in the image. ROOT looks up the colour by name, which takes most of the time of a large map.
  void DrawBox(Double_t x1, Double_t y1, Double_t x2, Double_t y2) override;

  // Draws star markers directly in the image, because ROOT looks up the colour for each of the four lines of a star, and leaves
  // out markers that cross its edge, which ROOT would write outside its memory.
  void DrawPolyMarker(Int_t count, Double_t *x, Double_t *y) override;
  using TImageDump::DrawPolyMarker;

  // Draws lines and areas within the image. ROOT writes slanted ones without regard to its size.
  void DrawPS(Int_t count, Double_t *x, Double_t *y) override;
  using TImageDump::DrawPS;

  // Pixel ranges of a box between two pad coordinates, at least one pixel.
  Span columns(double x1, double x2);
  Span rows(double y1, double y2);

  int width() const;
  int height() const;
  uint32_t *pixels() const;  // width x height values 0xAARRGGBB, row by row from the top; null if there is no image

 private:
  void reuse_image(Span across, Span down);
  bool draw_star(int x, int y, uint32_t value);
  bool holds_marker(double x, double y);
  bool holds(int count, const double *x, const double *y);
};

// Stores the pixel value of a colour number. Returns false if the colour is unknown or transparent.
bool to_opaque_argb(int colour, uint32_t &value);

}  // namespace dqmhub
