#include "plot.h"

#include <TProfile.h>
#include <TStyle.h>
#include <TText.h>
#include <strings.h>

#include <algorithm>
#include <cctype>
#include <cstring>
#include <initializer_list>
#include <utility>

#include "axes.h"
#include "layout.h"
#include "map_painter.h"
#include "non_finite.h"
#include "overlay.h"
#include "ratio.h"
#include "stack.h"
#include "text_limits.h"
#include "text_plot.h"

namespace dqmhub {
namespace {

// Replaces COL2 by the equivalent COL, because COL2 yields an empty map when painting into memory (ROOT 6.40).
std::string with_working_col(std::string options) {
  std::string upper = options;
  std::transform(upper.begin(), upper.end(), upper.begin(), [](unsigned char c) { return std::toupper(c); });
  if (const auto at = upper.find("COL2"); at != upper.npos)
    options.erase(at + 3, 1);
  return options;
}

// Options that crash ROOT, or that it never finishes painting, with one of `others` in a plot of one dimension.
struct Conflict {
  std::initializer_list<const char *> others, ignored;
};
const Conflict kConflicts[] = {{{"LEGO", "SURF"}, {"CANDLE", "VIOLIN", "CYL", "POL", "SPH", "PSR"}}};

// Removes draw options that cannot be combined with the others.
std::string combinable_options(const TH1 &histogram, std::string options) {
  TString upper = options.c_str();
  upper.ToUpper();
  for (const auto &[others, ignored] : kConflicts) {
    if (histogram.GetDimension() != 1 || std::none_of(others.begin(), others.end(), [&](auto other) { return upper.Contains(other); }))
      continue;
    for (const char *name : ignored)
      for (int at; (at = upper.Index(name)) != kNPOS;) {
        options.erase(at, std::strlen(name));
        upper.Remove(at, std::strlen(name));
      }
  }
  return options;
}

// Returns the requested draw options; otherwise those stored with the object or set by a plugin, as ROOT does; otherwise
// the default for its dimension.
std::string effective_options(const TH1 &histogram, const std::string &options, bool errors) {
  if (histogram.GetDimension() == 1)
    return errors ? options + " HIST E1 X0" : options;
  const std::string requested = !options.empty() ? options : histogram.GetOption();
  return !requested.empty() ? with_working_col(requested) : histogram.GetDimension() == 2 ? "COLZ" : "BOX2Z";
}

// Stores the extremes of a colour map, which ROOT would otherwise search again for each part of the plot.
void fix_content_range(TH1 &map) {
  const double least = map.GetMinimum(), most = map.GetMaximum();
  map.SetMinimum(least);
  map.SetMaximum(most);
}

constexpr double kTitleHeight = 0.05;  // share of the canvas; ROOT's default if the style has none

// Removes the trailing underscore of titles, which exists only because names in one folder must differ in ROOT.
void strip_trailing_underscore(TH1 &histogram) {
  const std::string title = histogram.GetTitle();
  if (!title.empty() && title.back() == '_')
    histogram.SetTitle(title.substr(0, title.size() - 1).c_str());
}

// Drops stored draw options that do not satisfy is_safe_draw_options, because ROOT runs some options as code.
void drop_unsafe_options(TH1 &histogram) {
  if (!is_safe_draw_options(histogram.GetOption()))
    histogram.SetOption("");
}

void draw_nan_notice() {
  const auto note = new TText(0.15, 0.8, "NaNs");
  note->SetNDC();
  note->SetTextFont(62);
  note->SetTextSize(0.1);
  note->SetTextColor(kRed + 3);
  note->SetBit(TObject::kCanDelete);
  note->Draw();
}

}  // namespace

void apply_current_style(TH1 &histogram) {
  for (const auto axis : {histogram.GetXaxis(), histogram.GetYaxis(), histogram.GetZaxis()})
    if (axis->GetXmax() <= axis->GetXmin())
      axis->Set(axis->GetNbins(), 0, 1);  // ROOT has not chosen it yet, and nothing is filled
  histogram.UseCurrentStyle();
  histogram.SetMinimum();
  histogram.SetMaximum();
  strip_trailing_underscore(histogram);
  limit_texts(histogram);
  drop_unsafe_options(histogram);
}

Plot::Plot(TH1 &main, std::vector<TH1 *> references, const Spec &spec) : main_(main), references_(std::move(references)), spec_(spec) {
  finite_ = replace_non_finite(main);
  for (const auto reference : references_)
    finite_ &= !reference || replace_non_finite(*reference);
}

bool Plot::supports_ratios() const {
  const auto plain = [](const TH1 *one) { return one->GetDimension() == 1 && !is_profile(*one); };
  const auto first = std::find_if(references_.begin(), references_.end(), [](const TH1 *one) { return one; });
  return plain(&main_) && first != references_.end() &&
         std::all_of(references_.begin(), references_.end(), [&](const TH1 *one) { return !one || plain(one); });
}

void Plot::draw(TCanvas &canvas, bool normalise) {
  const bool combinable = supports_ratios();
  main_.SetOption(combinable_options(main_, main_.GetOption()).c_str());
  const std::string options = effective_options(main_, combinable_options(main_, spec_.options), spec_.errors);
  if (spec_.reference == Reference::ratio && combinable)
    draw_with_ratios(canvas, options, normalise);
  else if (spec_.reference == Reference::stacked && combinable)
    apply_axes(canvas, main_, spec_, false), draw_stack(main_, references_, spec_, options, normalise);
  else if (spec_.reference == Reference::stacked && !references_.empty())
    draw_text(canvas, "Stacking not supported", kBlack);
  else
    draw_overlay(canvas, options, normalise);
  if (!finite_)
    draw_nan_notice();
}

void Plot::draw_overlay(TCanvas &canvas, const std::string &options, bool normalise) {
  const bool overlaid = main_.GetDimension() == 1;
  apply_axes(canvas, main_, spec_, !overlaid || references_.empty());
  Overlay overlay(main_, overlaid ? references_ : std::vector<TH1 *>(), spec_, normalise);
  make_room_for_y_axis(canvas, main_);
  make_room_for_x_labels(canvas, main_);
  if (strcasecmp(options.c_str(), "COLZ") == 0 && !canvas.GetLogz())
    fix_content_range(main_);
  const auto palette_top = make_room_for_palette(canvas, main_, options);
  if (main_.GetDimension() == 2)
    use_direct_painter(main_, palette_top);
  else if (palette_top)
    add_palette(canvas, main_, *palette_top, true);
  fit_titles(canvas, main_);
  main_.Draw(options.c_str());
  overlay.draw();
}

void Plot::draw_with_ratios(TCanvas &canvas, const std::string &options, bool normalise) {
  const RatioPads pads(canvas);
  pads.upper->cd();
  apply_axes(*pads.upper, main_, spec_, false);
  pads.lower->SetLogx(pads.upper->GetLogx());
  Overlay overlay(main_, references_, spec_, normalise);
  const double numbers = make_room_for_y_axes(canvas, *pads.upper, *pads.lower, main_);
  pads.lower->cd();
  TH1 &frame = draw_ratios(main_, overlay.references());
  place_y_title(canvas, *frame.GetYaxis(), numbers);
  fit_titles(*pads.lower, frame);
  pads.upper->cd();
  scale_labels(main_, *pads.upper);
  place_y_title(canvas, *main_.GetYaxis(), numbers);
  fit_titles(*pads.upper, main_);
  gStyle->SetTitleH(kTitleHeight / pads.upper->GetAbsHNDC());
  main_.GetXaxis()->SetLabelSize(0);
  main_.GetXaxis()->SetTitleSize(0);
  main_.Draw(options.c_str());
  overlay.draw();
  canvas.cd();
}

}  // namespace dqmhub
