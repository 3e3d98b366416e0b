#include "canvas.h"

#include <TArrayI.h>
#include <TBox.h>
#include <TClass.h>
#include <TColor.h>
#include <TLatex.h>
#include <TLine.h>
#include <TList.h>
#include <TMarker.h>
#include <TText.h>
#include <TStyle.h>
#include <TVirtualPS.h>

#include <algorithm>
#include <memory>
#include <set>
#include <stdexcept>

#include "pixel_dump.h"
#include "png.h"

namespace dqmhub {
namespace {

constexpr int kWhite10 = 10;                       // white in every style, unlike colour 0
constexpr int kHollow = 0;                         // fill style of titles: subscripts reach into the frame
constexpr int kFrameWidth = 4, kFrameHeight = 28;  // which a canvas reserves in batch mode for a window that does not exist
constexpr int kContours = 99;                      // ROOT warns about 100 contours in surfaces, and warnings are reported to the client

struct DefaultStyle {
  std::unique_ptr<TStyle> style;
  TArrayI palette;
} default_style;

// Tells whether an object belongs to the pad on which it is drawn, and refers to nothing else.
bool is_simple(const TObject &object) {
  const TClass *const kind = object.IsA();
  const bool simple =
      kind == TLine::Class() || kind == TBox::Class() || kind == TText::Class() || kind == TLatex::Class() || kind == TMarker::Class();
  return simple && object.TestBit(kCanDelete) && object.IsOnHeap();
}

// Takes the simple objects out of the lists of a pad and of the pads in it.
void take_simple_objects(TVirtualPad &pad, std::set<TObject *> &objects) {
  TList &list = *pad.GetListOfPrimitives();
  for (TObjLink *link = list.FirstLink(), *next; link; link = next) {
    next = link->Next();
    if (const auto inner = dynamic_cast<TVirtualPad *>(link->GetObject()))
      take_simple_objects(*inner, objects);
    else if (is_simple(*link->GetObject()))
      objects.insert(list.Remove(link));
  }
}

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

PlotCanvas::PlotCanvas(int width, int height) : TCanvas("canvas", "", width + kFrameWidth, height + kFrameHeight) {}

// ROOT would delete the objects one by one from the list of the pad, and search the rest of the list for each of them: with
// the lines that a plugin draws around the modules of a detector, that takes longer than the plot.
PlotCanvas::~PlotCanvas() {
  std::set<TObject *> objects;  // each once, although it may have been drawn twice
  take_simple_objects(*this, objects);
  for (TObject *object : objects)
    delete object;
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
