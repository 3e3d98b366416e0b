#include "plot.h"

#include <TProfile.h>
#include <TStyle.h>
#include <TText.h>

#include <string>

#include "finite.h"
#include "overlay.h"

namespace dqmhub {
namespace {

// What of a range can be shown: on a logarithmic axis only what is above 0, and nothing that ends before it begins.
AxisSpec usable(AxisSpec range, bool log) {
  if (log && range.min && *range.min <= 0)
    range.min.reset();
  if (log && range.max && *range.max <= 0)
    range.max.reset();
  if (range.min && range.max && *range.min >= *range.max)
    range.min.reset(), range.max.reset();
  return range;
}

// Shows a part of an axis: the bins that hold the limits and all between. Gives whether the scale is logarithmic,
// which it is not when the axis has nothing above 0.
bool apply(TAxis &axis, const AxisSpec &spec, bool whole_axis) {
  const bool log = spec.type == "log" && (whole_axis ? axis.GetXmin() : axis.GetXmax()) > 0;
  const AxisSpec range = usable(spec, log);
  if (range.min || range.max)
    axis.SetRangeUser(range.min.value_or(axis.GetXmin()), range.max.value_or(axis.GetXmax()));
  return log;
}

// The same for the contents, which have no axis of their own.
bool apply_to_contents(TH1 &histogram, const AxisSpec &spec) {
  const bool log = spec.type == "log" && histogram.GetMaximum() >= 0;
  const AxisSpec range = usable(spec, log);
  if (range.min)
    histogram.SetMinimum(*range.min);
  if (range.max)
    histogram.SetMaximum(*range.max);
  return log;
}

void apply_axes(TCanvas &canvas, TH1 &histogram, const Spec &spec) {
  const int dimension = histogram.GetDimension();
  const bool box = dimension == 3;  // ROOT draws the axes of a box from end to end
  canvas.SetLogx(apply(*histogram.GetXaxis(), spec.x, box));
  canvas.SetLogy(dimension == 1 ? apply_to_contents(histogram, spec.y) : apply(*histogram.GetYaxis(), spec.y, box));
  if (dimension > 1)
    canvas.SetLogz(box ? apply(*histogram.GetZaxis(), spec.z, box) : apply_to_contents(histogram, spec.z));
}

std::string options_of(const TH1 &histogram, const Spec &spec) {
  switch (histogram.GetDimension()) {
    case 1:
      return spec.errors ? spec.options + " HIST E1 X0" : spec.options;
    case 2:
      return spec.options.empty() ? "COLZ" : spec.options;
    default:
      return spec.options.empty() ? "BOX2Z" : spec.options;
  }
}

// A palette at the right edge needs room for its numbers.
void make_room(TCanvas &canvas, const std::string &options) {
  constexpr double margin = 0.14;  // of the width
  if (options.find_first_of("zZ") != options.npos)
    canvas.SetRightMargin(margin);
}

// A title of `name_` has the underscore only because ROOT wants names of plots in one folder to differ.
void tidy_title(TH1 &histogram) {
  const std::string title = histogram.GetTitle();
  if (!title.empty() && title.back() == '_')
    histogram.SetTitle(title.substr(0, title.size() - 1).c_str());
}

// The file's own look gives way to ours.
void restyle(TH1 &histogram) {
  histogram.UseCurrentStyle();
  histogram.SetMinimum();
  histogram.SetMaximum();
  tidy_title(histogram);
}

void note_not_finite() {
  const auto note = new TText(0.15, 0.8, "NaNs");
  note->SetNDC();
  note->SetTextFont(62);
  note->SetTextSize(0.1);
  note->SetTextColor(kRed + 3);
  note->SetBit(TObject::kCanDelete);
  note->Draw();
}

}  // namespace

void draw_plot(TCanvas &canvas, TH1 &main, const std::vector<TH1 *> &references, const Spec &spec, bool normalise) {
  gStyle->SetOptStat(spec.stats);
  bool finite = make_finite(main);
  restyle(main);
  for (const auto reference : references) {
    finite &= make_finite(*reference);
    restyle(*reference);
  }
  apply_axes(canvas, main, spec);
  const bool overlaid = main.GetDimension() == 1 && !references.empty();
  Overlay overlay(main, overlaid ? references : std::vector<TH1 *>(), spec, normalise);
  const std::string options = options_of(main, spec);
  make_room(canvas, options);
  main.Draw(options.c_str());
  overlay.draw();
  if (!finite)
    note_not_finite();
}

}  // namespace dqmhub
