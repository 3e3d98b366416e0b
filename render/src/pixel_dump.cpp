#include "pixel_dump.h"

#include <TColor.h>
#include <TImage.h>
#include <TPad.h>
#include <TROOT.h>
#include <TStyle.h>

#include <algorithm>
#include <utility>

namespace dqmhub {
namespace {

// Image of the last plot, reused because creating one takes a tenth of the time of a plot. Not deleted at exit, when ROOT
// has already been unloaded.
TImage *recycled_image = nullptr;
constexpr UInt_t kMaxRecycledPixels = 1 << 20;  // pixels

}  // namespace

PixelDump::PixelDump() : TImageDump("", 114) { SetBit(TPad::kPrintingPS); }

PixelDump::~PixelDump() {
  if (!pixels() || fImage->GetWidth() * fImage->GetHeight() > kMaxRecycledPixels)
    return;
  delete recycled_image;
  recycled_image = std::exchange(fImage, nullptr);
}

void PixelDump::DrawBox(Double_t x1, Double_t y1, Double_t x2, Double_t y2) {
  constexpr int solid = 1;  // fill style divided by 1000
  const Span across = columns(x1, x2), down = rows(y1, y2);
  uint32_t value;
  const bool opaque = fFillStyle / 1000 == solid && to_opaque_argb(fFillColor, value);
  if (opaque && !pixels())
    reuse_image(across, down);
  if (!opaque || !pixels() || !across.within(width()) || !down.within(height())) {
    TImageDump::DrawBox(x1, y1, x2, y2);
    return;
  }
  uint32_t *const first = pixels() + down.begin * width() + across.begin;
  std::fill_n(first, across.end - across.begin, value);
  for (int y = 1; y < down.end - down.begin; ++y)
    std::copy_n(first, across.end - across.begin, first + y * width());  // faster than filling each row
}

void PixelDump::DrawPolyMarker(Int_t count, Double_t *x, Double_t *y) {
  uint32_t value;
  if (!pixels() || fMarkerStyle != kStar || !to_opaque_argb(fMarkerColor, value)) {
    TImageDump::DrawPolyMarker(count, x, y);
    return;
  }
  for (int i = 0; i < count; ++i)
    if (!draw_star(XtoPixel(x[i]), YtoPixel(y[i]), value))
      TImageDump::DrawPolyMarker(1, x + i, y + i);
}

// Returns false if the star is too small, or partly outside the image.
bool PixelDump::draw_star(int x, int y, uint32_t value) {
  const double arm = 4 * fMarkerSize * gStyle->GetImageScaling(), slanted = 0.707 * arm;
  if (slanted < 1 || x < arm || y < arm || x + arm >= width() || y + arm >= height())
    return false;
  const int row = width(), straight = int(x + arm) - int(x - arm), across = int(x + slanted) - int(x - slanted);
  const auto line = [&](double from_x, double from_y, int step, int count) {
    for (uint32_t *pixel = pixels() + int(from_y) * row + int(from_x); count > 0; --count, pixel += step)
      *pixel = value;
  };
  line(x - arm, y, 1, straight + 1);
  line(x, y - arm, row, straight + 1);
  line(x - slanted, y - slanted, row + 1, across);  // ROOT omits the right end point of slanted lines
  line(x - slanted, y + slanted, 1 - row, across);
  return true;
}

// Reuses the last image if the first box, the background of the canvas, covers it completely.
void PixelDump::reuse_image(Span across, Span down) {
  if (!recycled_image || across.begin != 0 || down.begin != 0 || across.end != int(recycled_image->GetWidth()) ||
      down.end != int(recycled_image->GetHeight()))
    return;
  delete fImage;
  fImage = std::exchange(recycled_image, nullptr);
}

Span PixelDump::columns(double x1, double x2) {
  const int left = XtoPixel(std::min(x1, x2));
  return {left, std::max(XtoPixel(std::max(x1, x2)), left + 1)};
}

Span PixelDump::rows(double y1, double y2) {
  const int top = YtoPixel(std::max(y1, y2));
  return {top, std::max(YtoPixel(std::min(y1, y2)), top + 1)};
}

int PixelDump::width() const { return fImage->GetWidth(); }
int PixelDump::height() const { return fImage->GetHeight(); }
uint32_t *PixelDump::pixels() const { return fImage && fImage->IsValid() ? fImage->GetArgbArray() : nullptr; }

bool to_opaque_argb(int colour, uint32_t &value) {
  const TColor *found = gROOT->GetColor(colour);
  if (!found || found->GetAlpha() != 1)
    return false;
  const auto part = [](Float_t share) { return uint32_t(share * 255); };
  value = 0xff000000 | part(found->GetRed()) << 16 | part(found->GetGreen()) << 8 | part(found->GetBlue());
  return true;
}

}  // namespace dqmhub
