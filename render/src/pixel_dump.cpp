#include "pixel_dump.h"

#include <TColor.h>
#include <TImage.h>
#include <TPad.h>
#include <TROOT.h>
#include <TStyle.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>
#include <vector>

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
  const bool stars = fMarkerStyle == kStar && to_opaque_argb(fMarkerColor, value);
  for (int i = 0; pixels() && i < count; ++i)
    if (holds_marker(x[i], y[i]) && !(stars && draw_star(XtoPixel(x[i]), YtoPixel(y[i]), value)))
      TImageDump::DrawPolyMarker(1, x + i, y + i);
}

// Returns whether a marker is wholly in the image.
bool PixelDump::holds_marker(double x, double y) {
  constexpr int pixel = 1, first_dot = 9, last_dot = 19;
  const int style = GetMarkerStyleBase(fMarkerStyle), column = XtoPixel(x), row = YtoPixel(y);
  const bool dot = style == kDot || (style >= first_dot && style <= last_dot);
  const int arm = dot ? 0 : int(4 * fMarkerSize * gStyle->GetImageScaling()) + int(GetMarkerLineWidth(fMarkerStyle)) + pixel;
  return column >= arm && row >= arm && column + arm < width() && row + arm < height();
}

// Returns whether all points are in the image.
bool PixelDump::holds(int count, const double *x, const double *y) {
  for (int i = 0; i < count; ++i)
    if (const int column = XtoPixel(x[i]), row = YtoPixel(y[i]); column < 0 || row < 0 || column >= width() || row >= height())
      return false;
  return true;
}

void PixelDump::DrawPS(Int_t count, Double_t *x, Double_t *y) {
  if (!pixels() || std::abs(count) < 2 || holds(std::abs(count), x, y)) {
    TImageDump::DrawPS(count, x, y);
    return;
  }
  // The middles of the outermost pixels in the coordinates of the pad; those of two pixels are one step apart.
  const double right = 0.5 * (gPad->AbsPixeltoX(1) - gPad->AbsPixeltoX(0)), down = 0.5 * (gPad->AbsPixeltoY(1) - gPad->AbsPixeltoY(0));
  const double left_end = gPad->AbsPixeltoX(0) + right, right_end = gPad->AbsPixeltoX(width() - 1) + right;
  const double top_end = gPad->AbsPixeltoY(0) + down, low_end = gPad->AbsPixeltoY(height() - 1) + down;
  if (count < 0) {
    std::vector<double> xs(4 * -count), ys(4 * -count);
    const int left =
        static_cast<TPad *>(gPad)->ClipPolygon(-count, x, y, xs.size(), xs.data(), ys.data(), left_end, low_end, right_end, top_end);
    if (left > 2)
      TImageDump::DrawPS(-left, xs.data(), ys.data());
  }
  for (int i = 0; i + 1 < count; ++i) {
    constexpr int outside = 2;
    std::array<double, 2> xs = {x[i], x[i + 1]}, ys = {y[i], y[i + 1]};
    const bool straight = XtoPixel(xs[0]) == XtoPixel(xs[1]) || YtoPixel(ys[0]) == YtoPixel(ys[1]);  // ROOT cuts these off itself
    if (straight || gPad->Clip(xs.data(), ys.data(), left_end, low_end, right_end, top_end) != outside)
      TImageDump::DrawPS(2, xs.data(), ys.data());
  }
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
