#include "plot.h"

#include <TProfile.h>
#include <TStyle.h>
#include <TText.h>

#include <string>

#include "finite.h"
#include "overlay.h"

namespace dqmhub {
namespace {

bool ordered(const AxisSpec &range) { return !range.min || !range.max || *range.min < *range.max; }

// Shows a part of an axis: the bins that hold the limits and all between.
void zoom(TAxis &axis, const AxisSpec &range) {
  if ((range.min || range.max) && ordered(range))
    axis.SetRangeUser(range.min.value_or(axis.GetXmin()), range.max.value_or(axis.GetXmax()));
}

void limit_content(TH1 &histogram, const AxisSpec &range) {
  if (!ordered(range))
    return;
  if (range.min)
    histogram.SetMinimum(*range.min);
  if (range.max)
    histogram.SetMaximum(*range.max);
}

void apply_axes(TCanvas &canvas, TH1 &histogram, const Spec &spec) {
  if (spec.x.type != "def")
    canvas.SetLogx(spec.x.type == "log");
  if (spec.y.type != "def")
    canvas.SetLogy(spec.y.type == "log");
  if (spec.z.type != "def")
    canvas.SetLogz(spec.z.type == "log");
  const int dimension = histogram.GetDimension();
  zoom(*histogram.GetXaxis(), spec.x);
  if (dimension > 1)
    zoom(*histogram.GetYaxis(), spec.y);
  if (dimension > 2)
    zoom(*histogram.GetZaxis(), spec.z);
  else
    limit_content(histogram, dimension == 2 ? spec.z : spec.y);
}

std::string options_of(const TH1 &histogram, const Spec &spec) {
  switch (histogram.GetDimension()) {
    case 1:
      return spec.errors ? spec.options + " HIST E1 X0" : spec.options;
    case 2:
      return spec.options.empty() ? "COLZ" : spec.options;
    default:
      return spec.options.empty() ? "BOX" : spec.options;
  }
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
  main.Draw(options_of(main, spec).c_str());
  overlay.draw();
  if (!finite)
    note_not_finite();
}

}  // namespace dqmhub
