#include "pixel_dump.h"

#include <TColor.h>
#include <TImage.h>
#include <TPad.h>
#include <TROOT.h>

#include <algorithm>

namespace dqmhub {

PixelDump::PixelDump() : TImageDump("", 114) { SetBit(TPad::kPrintingPS); }

void PixelDump::DrawBox(Double_t x1, Double_t y1, Double_t x2, Double_t y2) {
  constexpr int solid = 1;  // thousands of a fill style
  const Span across = columns(x1, x2), down = rows(y1, y2);
  uint32_t value;
  if (!pixels() || !across.within(width()) || !down.within(height()) || fFillStyle / 1000 != solid || !opaque_argb(fFillColor, value)) {
    TImageDump::DrawBox(x1, y1, x2, y2);
    return;
  }
  for (int y = down.begin; y < down.end; ++y)
    std::fill(pixels() + y * width() + across.begin, pixels() + y * width() + across.end, value);
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

bool opaque_argb(int colour, uint32_t &value) {
  const TColor *found = gROOT->GetColor(colour);
  if (!found || found->GetAlpha() != 1)
    return false;
  const auto part = [](Float_t share) { return uint32_t(share * 255); };
  value = 0xff000000 | part(found->GetRed()) << 16 | part(found->GetGreen()) << 8 | part(found->GetBlue());
  return true;
}

}  // namespace dqmhub
