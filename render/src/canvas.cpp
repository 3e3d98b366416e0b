#include "canvas.h"

#include <TArrayI.h>
#include <TColor.h>
#include <TImage.h>
#include <TImageDump.h>
#include <TROOT.h>
#include <TStyle.h>
#include <TVirtualPS.h>

#include <algorithm>
#include <memory>
#include <stdexcept>

#include "png.h"

namespace dqmhub {
namespace {

constexpr int kWhite10 = 10;  // white in every style, unlike colour 0
constexpr int kContours = 99;  // ROOT warns of 100 in surfaces, and a warning is an error to who asked

// TImageDump, but the boxes that colour maps are made of go into the pixels directly; ROOT's own way through the
// name of a colour takes most of the time of a large map. The pixels are the same.
class PixelDump : public TImageDump {
 public:
  PixelDump() : TImageDump("", 114) { SetBit(TPad::kPrintingPS); }

  void DrawBox(Double_t x1, Double_t y1, Double_t x2, Double_t y2) override {
    constexpr int solid = 1;  // thousands of a fill style
    const TColor *colour = gROOT->GetColor(fFillColor);
    UInt_t *pixels = fImage && fImage->IsValid() ? fImage->GetArgbArray() : nullptr;
    const int left = XtoPixel(std::min(x1, x2)), right = std::max(XtoPixel(std::max(x1, x2)), left + 1);
    const int top = YtoPixel(std::max(y1, y2)), bottom = std::max(YtoPixel(std::min(y1, y2)), top + 1);
    const bool inside = pixels && left >= 0 && top >= 0 && right <= int(fImage->GetWidth()) && bottom <= int(fImage->GetHeight());
    if (!inside || fFillStyle / 1000 != solid || !colour || colour->GetAlpha() != 1) {
      TImageDump::DrawBox(x1, y1, x2, y2);
      return;
    }
    const UInt_t value = argb(*colour);
    for (int y = top; y < bottom; ++y)
      std::fill(pixels + y * fImage->GetWidth() + left, pixels + y * fImage->GetWidth() + right, value);
  }

 private:
  static UInt_t argb(const TColor &colour) {
    const auto part = [](Float_t share) { return UInt_t(share * 255); };
    return 0xff000000 | part(colour.GetRed()) << 16 | part(colour.GetGreen()) << 8 | part(colour.GetBlue());
  }
};

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
  TImage *image = dump.GetImage();
  const UInt_t *pixels = image ? image->GetArgbArray() : nullptr;
  if (!pixels)
    throw std::runtime_error("ROOT painted no image");
  return encode_png(pixels, image->GetWidth(), image->GetHeight());
}

}  // namespace dqmhub
