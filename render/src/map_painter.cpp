#include "map_painter.h"

#include <Hoption.h>
#include <Hparam.h>
#include <TAxis.h>
#include <THistPainter.h>
#include <TMath.h>
#include <TProfile2D.h>
#include <TROOT.h>
#include <TStyle.h>
#include <TVirtualPad.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "layout.h"
#include "own_painter.h"
#include "pixel_dump.h"

extern Hoption_t Hoption;  // ROOT's parsed draw options of the plot being painted
extern Hparam_t Hparam;    // ROOT's range of bins and contents being painted

namespace dqmhub {
namespace {

// The displayed part of one axis of a map. `lowest`, `low` and `up` are decimal logarithms on a logarithmic scale.
struct AxisView {
  const TAxis &axis;
  int first, last;  // bins
  bool log;
  double lowest;   // start of a bin whose lower edge is not above 0 on a logarithmic scale
  double low, up;  // range of the frame
};

// Returns the pixel range of each displayed bin, clipped to the frame; empty for bins outside.
template <typename Pixels> std::vector<Span> pixel_spans(const AxisView &view, Pixels pixels) {
  std::vector<Span> spans(view.last - view.first + 1);
  for (int bin = view.first; bin <= view.last; ++bin) {
    double low = view.axis.GetBinLowEdge(bin), up = low + view.axis.GetBinWidth(bin);
    if (view.log && up <= 0)
      continue;
    if (view.log) {
      up = std::log10(up);
      low = low > 0 ? std::log10(low) : view.lowest;
    }
    if (up >= view.low && low <= view.up)
      spans[bin - view.first] = pixels(std::max(low, view.low), std::min(up, view.up));
  }
  return spans;
}

// Maps contents to colours: in equal steps from the smallest to the largest displayed content, or by the contours of a plugin.
class ColourScale {
 public:
  // Returns nothing if ROOT would paint nothing or use other steps.
  static std::optional<ColourScale> for_map(TH1 &map) {
    ColourScale scale;
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
    if (map.TestBit(TH1::kUserContour))
      for (int level = 0; level < levels; ++level)
        scale.contours_.push_back(map.GetContourLevelPad(level));
    if (levels == 0 || !std::is_sorted(scale.contours_.begin(), scale.contours_.end()) || !scale.choose_colours(levels))
      return {};
    scale.start_ = scale.contours_.empty() ? scale.least_ : std::max(scale.least_, scale.contours_[0]);
    scale.steps_ = most != scale.least_ ? levels / (most - scale.least_) : 1;
    return scale;
  }

  double least() const { return least_; }

  double start() const { return start_; }  // content from which on cells have a colour: least() or the first contour

  // Returns the colour of `content`, which must not be less than start().
  uint32_t colour(double content) const {
    if (!contours_.empty())
      return colours_[std::upper_bound(contours_.begin(), contours_.end(), content) - contours_.begin() - 1];
    const double level = 0.01 + (content - least_) * steps_;  // rounds like ROOT
    return colours_[level < colours_.size() ? size_t(level) : colours_.size() - 1];
  }

 private:
  bool choose_colours(int levels) {
    const int count = gStyle->GetNumberOfColors();
    colours_.resize(levels + 1);
    for (int level = 0; level <= levels; ++level) {
      const int number = int((level + 0.99) * float(count) / float(levels));
      if (!to_opaque_argb(gStyle->GetColorPalette(std::min(number, count - 1)), colours_[level]))
        return false;
    }
    return true;
  }

  double least_ = 0, start_ = 0, steps_ = 1;
  std::vector<double> contours_;   // empty for equal steps
  std::vector<uint32_t> colours_;  // the last one is for contents above the scale
};

// The image into which cells are filled.
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
  explicit MapPainter(std::optional<double> palette_top) : palette_top_(palette_top) {}

  // Adds the palette as late as ROOT does, which paints it twice otherwise.
  void PaintPalette() override {
    if (!palette_top_ || fFunctions->FindObject("palette")) {
      THistPainter::PaintPalette();
      return;
    }
    add_palette(*gPad, *fH, *palette_top_, gPad->GetView());
    fFunctions->First()->Paint();
  }

  void PaintColorLevels(Option_t *option) override {
    if (!gVirtualPS && gROOT->IsBatch()) {  // a plugin updates the canvas: only the palette, which it may change, matters
      choose_contours();
      if (Hoption.Zscale)
        PaintPalette();
      return;
    }
    constexpr int cartesian = 1;
    const bool ordinary = fNcuts == 0 && Hoption.System == cartesian && !Hoption.Zero;
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
  void choose_contours() {
    if (!fH->TestBit(TH1::kUserContour))
      fH->SetContour(fH->GetContour() ? fH->GetContour() : gStyle->GetNumberContours());
  }

  // Returns false, without painting, if ROOT has to paint the map.
  bool paint_cells(PixelDump &dump) {
    choose_contours();
    const auto scale = ColourScale::for_map(*fH);
    const AxisView x = {*fXaxis, Hparam.xfirst, Hparam.xlast, bool(Hoption.Logx), Hparam.xmin, gPad->GetUxmin(), gPad->GetUxmax()};
    const AxisView y = {*fYaxis, Hparam.yfirst, Hparam.ylast, bool(Hoption.Logy), Hparam.ymin, gPad->GetUymin(), gPad->GetUymax()};
    const auto columns = pixel_spans(x, [&](double x1, double x2) { return dump.columns(x1, x2); });
    const auto rows = pixel_spans(y, [&](double y1, double y2) { return dump.rows(y1, y2); });
    if (!scale || !all_within(columns, dump.width()) || !all_within(rows, dump.height()))
      return false;
    const Raster raster = {dump.pixels(), dump.width()};
    const auto profile = dynamic_cast<TProfile2D *>(fH);
    for (size_t row = 0; row < rows.size(); ++row) {
      int cell = (Hparam.yfirst + row) * (fXaxis->GetNbins() + 2) + Hparam.xfirst;
      for (const Span &column : columns)  // of several bins in one pixel the last one is visible, as in ROOT
        if (const auto content = visible_content(cell++, profile, *scale))
          raster.fill(column, rows[row], scale->colour(*content));
    }
    return true;
  }

  // Returns the content of a cell on the colour scale, or nothing if the cell is empty or below the scale.
  std::optional<double> visible_content(int cell, const TProfile2D *profile, const ColourScale &scale) const {
    double content = fH->GetBinContent(cell);
    const bool empty = profile ? profile->GetBinEntries(cell) == 0 : content == 0 && (scale.least() >= 0 || Hoption.Logz);
    if (empty)
      return {};
    if (Hoption.Logz)
      content = content > 0 ? std::log10(content) : scale.least();
    if (content < scale.start())
      return {};
    return content;
  }

  std::optional<double> palette_top_;
};

}  // namespace

void use_direct_painter(TH1 &map, std::optional<double> palette_top) { set_painter(map, new MapPainter(palette_top)); }

}  // namespace dqmhub
