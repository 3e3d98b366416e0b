#include "layout.h"

#include <TPaletteAxis.h>
#include <TStyle.h>
#include <TVirtualPad.h>

#include <algorithm>

#include "stat_boxes.h"

namespace dqmhub {
void make_room_for_y_title(TVirtualPad &pad, const TH1 &histogram) {
  constexpr double room = 0.18;  // in units of the smaller side, as sizes of letters
  const double width = pad.GetWw() * pad.GetAbsWNDC(), height = pad.GetWh() * pad.GetAbsHNDC();
  const bool titled = histogram.GetDimension() < 3 && histogram.GetYaxis()->GetTitle()[0];
  if (titled && pad.GetLeftMargin() == gStyle->GetPadLeftMargin())
    pad.SetLeftMargin(std::max<double>(pad.GetLeftMargin(), room * std::min(width, height) / width));
}

std::optional<double> make_room_for_palette(TVirtualPad &pad, const TH1 &histogram, const std::string &options) {
  constexpr double narrow = 0.2, gap = 0.05;  // gap: room for the exponent of large numbers
  if (options.find_first_of("zZ") == options.npos || pad.GetRightMargin() != gStyle->GetPadRightMargin())
    return {};
  const bool box = gStyle->GetOptStat() > 0 && !histogram.TestBit(TH1::kNoStats);
  pad.SetRightMargin(box ? 1 - gStyle->GetStatX() + gStyle->GetStatW() : narrow);
  if (!box)
    return {};
  return std::min<double>(gStyle->GetStatY() - stat_box_height(histogram) - gap, 1 - pad.GetTopMargin());
}

void add_palette(const TVirtualPad &pad, TH1 &histogram, double top, bool view) {
  constexpr double gap = 0.005, width = 0.05;
  const double left = 1 - pad.GetRightMargin() + gap;
  const auto palette = new TPaletteAxis(left, pad.GetBottomMargin(), left + width - gap, top, &histogram);
  palette->SetOption("brNDC");
  palette->SetBit(TPaletteAxis::kHasView, view);
  histogram.GetListOfFunctions()->AddFirst(palette);
}

}  // namespace dqmhub
