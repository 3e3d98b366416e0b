#include "overlay.h"

#include <TProfile.h>
#include <TVirtualPad.h>

#include <algorithm>
#include <cmath>

namespace dqmhub {
namespace {

// Areas of opposite signs cannot be made equal: a negative factor would turn the reference upside down.
void scale_to(const TH1 &main, TH1 &reference) {
  const double target = main.GetSumOfWeights(), current = reference.GetSumOfWeights();
  if (target * current > 0 && !is_profile(reference))
    reference.Scale(target / current);
}

// Returns whether the Kolmogorov test is defined: both histograms need contents and the same bins.
bool comparable(const TH1 &main, const TH1 &reference) {
  return !is_profile(main) && !is_profile(reference) && same_binning(main, reference) && main.GetSumOfWeights() > 0 &&
         reference.GetSumOfWeights() > 0 && main.GetMinimum() >= 0 && reference.GetMinimum() >= 0;
}

// Smallest and largest displayed content; on a logarithmic scale only contents above 0 count.
struct Extent {
  double low = INFINITY, high = -INFINITY;
  void add(const TH1 &histogram, const Spec &spec) {
    const TAxis &axis = *histogram.GetXaxis();
    for (int bin = axis.GetFirst(); bin <= axis.GetLast(); ++bin) {
      const double content = histogram.GetBinContent(bin), error = spec.errors ? histogram.GetBinError(bin) : 0;
      if (gPad->GetLogy() && content <= 0)
        continue;
      low = std::min(low, gPad->GetLogy() ? content : content - error);
      high = std::max(high, content + error);
    }
  }
};

// Restricts a reference to the displayed range of the plot.
void copy_range(TH1 &reference, const TAxis &axis) {
  if (axis.TestBit(TAxis::kAxisRange))
    reference.GetXaxis()->SetRangeUser(axis.GetBinLowEdge(axis.GetFirst()), axis.GetBinUpEdge(axis.GetLast()));
}

bool same_edges(const TAxis &one, const TAxis &other) {
  if (one.GetNbins() != other.GetNbins())
    return false;
  const double close = 1e-6 * std::abs(one.GetXmax() - one.GetXmin());
  for (int bin = 1; bin <= one.GetNbins() + 1; ++bin)
    if (std::abs(one.GetBinLowEdge(bin) - other.GetBinLowEdge(bin)) > close)
      return false;
  return true;
}

}  // namespace

bool is_profile(const TH1 &histogram) { return dynamic_cast<const TProfile *>(&histogram) != nullptr; }

bool same_binning(const TH1 &one, const TH1 &other) {
  const int dimension = one.GetDimension();
  return dimension == other.GetDimension() && same_edges(*one.GetXaxis(), *other.GetXaxis()) &&
         (dimension < 2 || same_edges(*one.GetYaxis(), *other.GetYaxis())) &&
         (dimension < 3 || same_edges(*one.GetZaxis(), *other.GetZaxis()));
}

TH1 *make_pad_copy(const TH1 &histogram) {
  TH1 *copy;
  if (is_profile(histogram)) {
    copy = static_cast<TH1 *>(histogram.Clone());
  } else {
    const auto real = new TH1D();
    real->SetDirectory(nullptr);
    static_cast<const TH1 &>(histogram).TH1::Copy(*real);
    copy = real;
  }
  copy->SetDirectory(nullptr);
  copy->SetBit(TObject::kCanDelete);
  copy->SetStats(kFALSE);
  return copy;
}

void widen_content_range(TH1 &main, const std::vector<DrawnReference> &others, const Spec &spec) {
  constexpr double margin = 0.05;
  Extent own, all;
  own.add(main, spec);
  all = own;
  for (const auto &other : others)
    all.add(*other.histogram, spec);
  const bool log = gPad->GetLogy(), higher = all.high > own.high && !spec.y.max, lower = all.low < own.low && !spec.y.min;
  const double room = log ? std::log10(all.high / all.low) : margin * (all.high - std::min(0., all.low));
  if (higher)
    main.SetMaximum(log ? all.high * (1 + 0.2 * room) : all.high + room);
  if (lower)
    main.SetMinimum(log ? all.low / (1 + 0.5 * room) : all.low < 0 ? all.low - room : std::max(0., all.low - room));
  if (log && (higher || lower))
    main.GetYaxis()->SetMoreLogLabels(all.high < 100 * all.low);
}

Overlay::Overlay(TH1 &main, const std::vector<TH1 *> &references, const Spec &spec, bool normalise) : main_(main), spec_(spec) {
  for (size_t i = 0; i < references.size(); ++i) {
    if (!references[i] || references[i]->GetDimension() != 1 || (gPad->GetLogx() && references[i]->GetXaxis()->GetXmax() <= 0))
      continue;
    references_.push_back({make_pad_copy(*references[i]), i + 1});
    if (normalise)
      scale_to(main, *references_.back().histogram);
    copy_range(*references_.back().histogram, *main.GetXaxis());
  }
  if (references_.empty())
    return;
  main.SetLineWidth(2);
  widen_content_range(main, references_, spec);
  if (spec.ktest > 0)
    add_kolmogorov_notes(main, references);
}

void Overlay::add_kolmogorov_notes(const TH1 &main, const std::vector<TH1 *> &references) {
  for (const auto &drawn : references_) {
    const TH1 &reference = *references[drawn.number - 1];
    if (!comparable(main, reference))
      continue;
    const double probability = main.KolmogorovTest(&reference);
    notes_.emplace_back(Form(probability < spec_.ktest ? "KS %.3g < %g" : "KS %.3g", probability, spec_.ktest),
                        reference_colour(drawn.number));
  }
}

void Overlay::draw() {
  for (const auto &[histogram, number] : references_) {
    if (!spec_.errors && !is_profile(*histogram))
      histogram->Sumw2(kFALSE);  // otherwise ROOT draws error bars
    histogram->SetLineColor(reference_colour(number));
    histogram->SetMarkerColor(reference_colour(number));
    histogram->SetMarkerStyle(kStar);
    histogram->SetMarkerSize(0.85);
    histogram->Draw(is_profile(*histogram) ? "SAME HIST" : spec_.errors ? "SAME P E1 X0" : "SAME P");
  }
  draw_stat_boxes(main_, references_, spec_);
  for (size_t line = 0; line < notes_.size(); ++line)
    draw_note(notes_[line].first, notes_[line].second, line);
}

}  // namespace dqmhub
