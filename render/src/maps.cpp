#include "maps.h"

#include <Hoption.h>
#include <Hparam.h>
#include <TAxis.h>
#include <THistPainter.h>
#include <TMath.h>
#include <TProfile2D.h>
#include <TStyle.h>
#include <TVirtualPad.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "pixel_dump.h"

extern Hoption_t Hoption;  // what the draw options of the plot that is being painted say
extern Hparam_t Hparam;    // and which part of it is shown

namespace dqmhub {
namespace {

// One axis of a map as it is shown: its first and last bin, its scale, and what of it the frame holds (on a logarithmic
// scale all in powers of ten).
struct Shown {
  const TAxis &axis;
  int first, last;
  bool log;
  double lowest;  // where a bin begins that on a logarithmic scale begins nowhere
  double low, up;
};

// The pixels of each shown bin, cut to the frame; none for bins outside.
template <typename Pixels> std::vector<Span> bins_in_pixels(const Shown &shown, Pixels pixels) {
  std::vector<Span> spans(shown.last - shown.first + 1);
  for (int bin = shown.first; bin <= shown.last; ++bin) {
    double low = shown.axis.GetBinLowEdge(bin), up = low + shown.axis.GetBinWidth(bin);
    if (shown.log && up <= 0)
      continue;
    if (shown.log) {
      up = std::log10(up);
      low = low > 0 ? std::log10(low) : shown.lowest;
    }
    if (up >= shown.low && low <= shown.up)
      spans[bin - shown.first] = pixels(std::max(low, shown.low), std::min(up, shown.up));
  }
  return spans;
}

// The colour of each content: equal steps from the least to the most that is shown.
class Scale {
 public:
  // Nothing where ROOT paints nothing, or where its steps are not these.
  static std::optional<Scale> of(TH1 &map) {
    Scale scale;
    scale.least_ = map.GetMinimum();
    double most = map.GetMaximum();
    if (most <= scale.least_) {  // all cells are equal
      most += 0.1 * std::abs(most);
      scale.least_ -= 0.1 * std::abs(scale.least_);
    }
    if (Hoption.Logz) {
      if (scale.least_ <= 0)
        return {};
      scale.least_ = std::log10(scale.least_);
      most = std::log10(most);
    }
    const int levels = std::abs(map.GetContour());
    if (levels == 0 || !scale.choose_colours(levels))
      return {};
    scale.steps_ = most != scale.least_ ? levels / (most - scale.least_) : 1;
    return scale;
  }

  double least() const { return least_; }

  // `content` on the scale; not less than least().
  uint32_t colour(double content) const {
    const double level = 0.01 + (content - least_) * steps_;  // the rounding is ROOT's
    return colours_[level < colours_.size() ? size_t(level) : colours_.size() - 1];
  }

 private:
  bool choose_colours(int levels) {
    const int count = gStyle->GetNumberOfColors();
    colours_.resize(levels + 1);
    for (int level = 0; level <= levels; ++level) {
      const int number = int((level + 0.99) * float(count) / float(levels));
      if (!opaque_argb(gStyle->GetColorPalette(std::min(number, count - 1)), colours_[level]))
        return false;
    }
    return true;
  }

  double least_ = 0, steps_ = 1;
  std::vector<uint32_t> colours_;  // the last is for all that is beyond the scale
};

// Where cells go.
struct Raster {
  uint32_t *pixels;
  int width;

  void fill(Span across, Span down, uint32_t colour) const {
    for (int y = down.begin; y < down.end; ++y)
      std::fill(pixels + y * width + across.begin, pixels + y * width + across.end, colour);
  }
};

bool all_within(const std::vector<Span> &spans, int size) {
  return std::all_of(spans.begin(), spans.end(), [size](const Span &span) { return span.begin == span.end || span.within(size); });
}

class MapPainter : public THistPainter {
 public:
  void PaintColorLevels(Option_t *option) override {
    constexpr int cartesian = 1;
    const bool ordinary = fNcuts == 0 && Hoption.System == cartesian && !Hoption.Zero && !fH->TestBit(TH1::kUserContour);
    const auto dump = dynamic_cast<PixelDump *>(gVirtualPS);
    if (!ordinary || !dump || !dump->pixels() || !paint_cells(*dump)) {
      THistPainter::PaintColorLevels(option);
      return;
    }
    if (Hoption.Zscale)
      PaintPalette();
    fH->TAttFill::Modify();
  }

 private:
  // False when ROOT has to paint: nothing is painted then.
  bool paint_cells(PixelDump &dump) {
    fH->SetContour(fH->GetContour() ? fH->GetContour() : gStyle->GetNumberContours());
    const auto scale = Scale::of(*fH);
    const Shown x = {*fXaxis, Hparam.xfirst, Hparam.xlast, bool(Hoption.Logx), Hparam.xmin, gPad->GetUxmin(), gPad->GetUxmax()};
    const Shown y = {*fYaxis, Hparam.yfirst, Hparam.ylast, bool(Hoption.Logy), Hparam.ymin, gPad->GetUymin(), gPad->GetUymax()};
    const auto columns = bins_in_pixels(x, [&](double x1, double x2) { return dump.columns(x1, x2); });
    const auto rows = bins_in_pixels(y, [&](double y1, double y2) { return dump.rows(y1, y2); });
    if (!scale || !all_within(columns, dump.width()) || !all_within(rows, dump.height()))
      return false;
    const Raster raster = {dump.pixels(), dump.width()};
    const auto profile = dynamic_cast<TProfile2D *>(fH);
    for (size_t row = 0; row < rows.size(); ++row) {
      int cell = (Hparam.yfirst + row) * (fXaxis->GetNbins() + 2) + Hparam.xfirst;
      for (const Span &column : columns)  // where bins are narrower than a pixel the last one is seen, as with ROOT
        if (const auto content = shown_content(cell++, profile, scale->least()))
          raster.fill(column, rows[row], scale->colour(*content));
    }
    return true;
  }

  // The content of a cell on the scale, or nothing when it is empty or below the scale.
  std::optional<double> shown_content(int cell, const TProfile2D *profile, double least) const {
    double content = fH->GetBinContent(cell);
    const bool empty = profile ? profile->GetBinEntries(cell) == 0 : content == 0 && (least >= 0 || Hoption.Logz);
    if (empty)
      return {};
    if (Hoption.Logz)
      content = content > 0 ? std::log10(content) : least;
    if (content < least)
      return {};
    return content;
  }
};

// A histogram makes its painter when it needs one, and has no other way to be given one than its protected member.
struct PainterOf : TH1 {
  static constexpr TVirtualHistPainter *TH1::*member = &PainterOf::fPainter;
};

}  // namespace

void paint_cells_directly(TH1 &map) {
  TVirtualHistPainter *&painter = map.*PainterOf::member;
  delete painter;
  painter = new MapPainter;  // the histogram deletes it
  painter->SetHistogram(&map);
}

}  // namespace dqmhub
