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

constexpr int kWhite10 = 10;  // white in every style, unlike colour 0
constexpr int kContours = 99;  // ROOT warns of 100 in surfaces, and a warning is an error to who asked

struct Look {
  std::unique_ptr<TStyle> style;
  TArrayI palette;
} look;

}  // namespace

void remember_style() {
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
  gStyle->SetStatBorderSize(1);
  gStyle->SetOptStat(1111);
  gStyle->SetNumberContours(kContours);
  gStyle->SetLabelSize(0.04, "XYZ");
  look.style.reset(static_cast<TStyle *>(gStyle->Clone()));
  look.palette.Set(TColor::GetPalette().GetSize(), TColor::GetPalette().GetArray());
}

void restore_style() {
  look.style->Copy(*gStyle);
  const TArrayI &now = TColor::GetPalette();
  const int size = look.palette.GetSize();
  if (now.GetSize() != size || !std::equal(now.GetArray(), now.GetArray() + size, look.palette.GetArray()))
    TColor::SetPalette(size, look.palette.GetArray());
}

TCanvas make_canvas(int width, int height) {
  // In batch mode a canvas gives 4 x 28 pixels of what it is asked for to a window's frame that is not there.
  constexpr int frame_width = 4, frame_height = 28;
  return TCanvas("canvas", "", width + frame_width, height + frame_height);
}

std::string picture(TCanvas &canvas) {
  PixelDump dump;
  gVirtualPS = &dump;  // its destructor takes it away again
  canvas.Paint();
  const UInt_t *pixels = dump.pixels();
  if (!pixels)
    throw std::runtime_error("ROOT painted no image");
  return encode_png(pixels, dump.width(), dump.height());
}

}  // namespace dqmhub
