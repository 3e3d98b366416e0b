#include "canvas.h"

#include <TArrayI.h>
#include <TColor.h>
#include <TStyle.h>
#include <TVirtualPS.h>

#include <algorithm>
#include <memory>
#include <stdexcept>

#include "pixel_dump.h"
#include "png.h"

namespace dqmhub {
namespace {

constexpr int kWhite10 = 10;   // white in every style, unlike colour 0
constexpr int kHollow = 0;     // fill style of titles: subscripts reach into the frame
constexpr int kContours = 99;  // ROOT warns about 100 contours in surfaces, and warnings are reported to the client

struct DefaultStyle {
  std::unique_ptr<TStyle> style;
  TArrayI palette;
} default_style;

}  // namespace

void save_default_style() {
  gStyle->Reset();
  gStyle->SetFillColor(kWhite10);
  gStyle->SetCanvasColor(kWhite10);
  gStyle->SetPadColor(kWhite10);
  gStyle->SetFrameFillColor(kWhite10);
  gStyle->SetTitleFillColor(kWhite10);
  gStyle->SetStatColor(kWhite10);
  gStyle->SetCanvasBorderMode(0);
  gStyle->SetPadBorderMode(0);
  gStyle->SetFrameBorderMode(0);
  gStyle->SetTitleBorderSize(0);
  gStyle->SetTitleStyle(kHollow);
  gStyle->SetStatBorderSize(1);
  gStyle->SetOptStat(1111);
  gStyle->SetNumberContours(kContours);
  gStyle->SetLabelSize(0.04, "XYZ");
  default_style.style.reset(static_cast<TStyle *>(gStyle->Clone()));
  default_style.palette.Set(TColor::GetPalette().GetSize(), TColor::GetPalette().GetArray());
}

void restore_default_style() {
  default_style.style->Copy(*gStyle);
  const TArrayI &current = TColor::GetPalette();
  const int size = default_style.palette.GetSize();
  if (current.GetSize() != size || !std::equal(current.GetArray(), current.GetArray() + size, default_style.palette.GetArray()))
    TColor::SetPalette(size, default_style.palette.GetArray());
}

TCanvas make_canvas(int width, int height) {
  // In batch mode a canvas reserves 4 x 28 pixels of its size for a window frame that does not exist.
  constexpr int frame_width = 4, frame_height = 28;
  return TCanvas("canvas", "", width + frame_width, height + frame_height);
}

std::string to_png(TCanvas &canvas) {
  PixelDump dump;
  gVirtualPS = &dump;  // reset by its destructor
  canvas.Paint();
  const UInt_t *pixels = dump.pixels();
  if (!pixels)
    throw std::runtime_error("ROOT painted no image");
  return encode_png(pixels, dump.width(), dump.height());
}

}  // namespace dqmhub
