#include "plot.h"

#include <TProfile.h>
#include <TStyle.h>
#include <TText.h>

#include <algorithm>
#include <cctype>
#include <utility>

#include "finite.h"
#include "maps.h"
#include "overlay.h"
#include "ratio.h"
#include "stacked.h"
#include "text.h"

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
bool apply(TAxis &axis, const AxisSpec &spec, int dimension) {
  const bool log = spec.type == "log" && (dimension == 3 ? axis.GetXmin() : axis.GetXmax()) > 0;  // a box is drawn from end to end
  const AxisSpec range = usable(spec, log);
  if (range.min || range.max)
    axis.SetRangeUser(range.min.value_or(axis.GetXmin()), range.max.value_or(axis.GetXmax()));
  const bool extended = axis.GetBinLowEdge(axis.GetLast()) > 0;  // ROOT begins a map at the first edge above 0
  return log && (dimension != 2 || extended);
}

// A logarithmic scale of less than two powers of ten would have one number or none.
void label_between_powers(TH1 &histogram, const AxisSpec &range) {
  const double low = range.min.value_or(histogram.GetMinimum(0)), high = range.max.value_or(histogram.GetMaximum());
  const auto axis = histogram.GetDimension() == 1 ? histogram.GetYaxis() : histogram.GetZaxis();
  axis->SetMoreLogLabels(high < 100 * low);
}

// The same for the contents, which have no axis of their own.
bool apply_to_contents(TH1 &histogram, const AxisSpec &spec) {
  const bool log = spec.type == "log" && histogram.GetMaximum() >= 0;
  const AxisSpec range = usable(spec, log);
  if (range.min)
    histogram.SetMinimum(*range.min);
  if (range.max)
    histogram.SetMaximum(*range.max);
  if (log)
    label_between_powers(histogram, range);
  return log;
}

// An axis that nothing was asked for keeps what a plugin has made of it.
void apply_axes(TVirtualPad &canvas, TH1 &histogram, const Spec &spec) {
  const int dimension = histogram.GetDimension();
  const bool log_x = apply(*histogram.GetXaxis(), spec.x, dimension);
  const bool log_y = dimension == 1 ? apply_to_contents(histogram, spec.y) : apply(*histogram.GetYaxis(), spec.y, dimension);
  const bool log_z = dimension == 3 ? apply(*histogram.GetZaxis(), spec.z, dimension) : dimension == 2 && apply_to_contents(histogram, spec.z);
  if (spec.x.type != "def")
    canvas.SetLogx(log_x);
  if (spec.y.type != "def")
    canvas.SetLogy(log_y);
  if (spec.z.type != "def")
    canvas.SetLogz(log_z);
}

// COL2 leaves the map empty in a picture that is painted in memory (seen with ROOT 6.40); COL is what it stands for.
std::string with_working_col(std::string options) {
  std::string upper = options;
  std::transform(upper.begin(), upper.end(), upper.begin(), [](unsigned char c) { return std::toupper(c); });
  if (const auto at = upper.find("COL2"); at != upper.npos)
    options.erase(at + 3, 1);
  return options;
}

// Where the spec asks for nothing, what the object was stored with or a plugin has set counts, as it does in ROOT.
std::string options_for(const TH1 &histogram, const std::string &options, bool errors) {
  if (histogram.GetDimension() == 1)
    return errors ? options + " HIST E1 X0" : options;
  const std::string asked = !options.empty() ? options : histogram.GetOption();
  return !asked.empty() ? with_working_col(asked) : histogram.GetDimension() == 2 ? "COLZ" : "BOX2Z";
}

// Keeps the extremes of a colour map, which ROOT would look for again for each of its parts.
void settle_extremes(TH1 &map) {
  const double least = map.GetMinimum(), most = map.GetMaximum();
  map.SetMinimum(least);
  map.SetMaximum(most);
}

constexpr double kTitleHeight = 0.05;  // of the canvas; ROOT's own choice when the style has none

// A palette at the right edge needs room for its numbers, if no plugin has seen to that.
void make_room(TCanvas &canvas, const std::string &options) {
  constexpr double margin = 0.14;  // of the width
  const bool palette = options.find_first_of("zZ") != options.npos;
  if (palette && canvas.GetRightMargin() == gStyle->GetPadRightMargin())
    canvas.SetRightMargin(margin);
}

// A title of `name_` has the underscore only because ROOT wants names of plots in one folder to differ.
void tidy_title(TH1 &histogram) {
  const std::string title = histogram.GetTitle();
  if (!title.empty() && title.back() == '_')
    histogram.SetTitle(title.substr(0, title.size() - 1).c_str());
}

// ROOT runs some draw options as code: those that hold more than ours may are not taken from a file.
void tidy_options(TH1 &histogram) {
  if (!plain_options(histogram.GetOption()))
    histogram.SetOption("");
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

void restyle(TH1 &histogram) {
  histogram.UseCurrentStyle();
  histogram.SetMinimum();
  histogram.SetMaximum();
  tidy_title(histogram);
  tidy_options(histogram);
}

Plot::Plot(TH1 &main, std::vector<TH1 *> references, const Spec &spec) : main_(main), references_(std::move(references)), spec_(spec) {
  finite_ = make_finite(main);
  for (const auto reference : references_)
    finite_ &= !reference || make_finite(*reference);
}

bool Plot::divisible() const {
  const auto plain = [](const TH1 *one) { return one->GetDimension() == 1 && !is_profile(*one); };
  const auto first = std::find_if(references_.begin(), references_.end(), [](const TH1 *one) { return one; });
  return plain(&main_) && first != references_.end() &&
         std::all_of(references_.begin(), references_.end(), [&](const TH1 *one) { return !one || plain(one); });
}

void Plot::draw(TCanvas &canvas, bool normalise) {
  const bool special = divisible();
  const std::string options = options_for(main_, spec_.options, spec_.errors);
  if (spec_.reference == Reference::ratio && special)
    draw_with_ratios(canvas, options, normalise);
  else if (spec_.reference == Reference::stacked && special)
    apply_axes(canvas, main_, spec_), draw_stacked(main_, references_, spec_, options, normalise);
  else if (spec_.reference == Reference::stacked && !references_.empty())
    draw_text(canvas, "Stacking not supported", kBlack);
  else
    draw_ordinary(canvas, options, normalise);
  if (!finite_)
    note_not_finite();
}

void Plot::draw_ordinary(TCanvas &canvas, const std::string &options, bool normalise) {
  apply_axes(canvas, main_, spec_);
  const bool overlaid = main_.GetDimension() == 1;
  Overlay overlay(main_, overlaid ? references_ : std::vector<TH1 *>(), spec_, normalise);
  make_room(canvas, options);
  if (options == "COLZ" && !canvas.GetLogz())
    settle_extremes(main_);
  if (main_.GetDimension() == 2)
    paint_cells_directly(main_);
  main_.Draw(options.c_str());
  overlay.draw();
}

void Plot::draw_with_ratios(TCanvas &canvas, const std::string &options, bool normalise) {
  const RatioPads pads(canvas);
  pads.upper->cd();
  apply_axes(*pads.upper, main_, spec_);
  pads.lower->SetLogx(pads.upper->GetLogx());
  Overlay overlay(main_, references_, spec_, normalise);
  pads.lower->cd();
  draw_ratios(main_, overlay.references(), spec_);
  pads.upper->cd();
  enlarge_letters(main_, *pads.upper);
  gStyle->SetTitleH(kTitleHeight / pads.upper->GetAbsHNDC());
  main_.GetXaxis()->SetLabelSize(0);
  main_.GetXaxis()->SetTitleSize(0);
  main_.Draw(options.c_str());
  overlay.draw();
  canvas.cd();
}

}  // namespace dqmhub
