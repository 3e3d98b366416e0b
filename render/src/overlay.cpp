#include "overlay.h"

#include <TPaveText.h>
#include <TProfile.h>
#include <TVirtualPad.h>

#include <algorithm>
#include <cmath>

namespace dqmhub {
namespace {

constexpr Color_t kColours[] = {kAzure, kOrange + 7, kRed + 1, kMagenta + 2, kGreen - 3, kGray + 2, kCyan + 2, kYellow + 3, kBlue + 2};

void scale_to(const TH1 &main, TH1 &reference) {
  const double wanted = main.GetSumOfWeights(), present = reference.GetSumOfWeights();
  if (wanted != 0 && present != 0 && !is_profile(reference))
    reference.Scale(wanted / present);
}

// The test needs contents on both sides and equal bins, or ROOT reports an error in place of a probability.
bool comparable(const TH1 &main, const TH1 &reference) {
  return !is_profile(main) && !is_profile(reference) && same_binning(main, reference) && main.GetSumOfWeights() > 0 &&
         reference.GetSumOfWeights() > 0 && main.GetMinimum() >= 0 && reference.GetMinimum() >= 0;
}

void draw_box(const Drawn &reference, const std::string &label, double top, double height) {
  constexpr double left = 0.78, right = 0.98, letters = 0.03, of_line = 0.75;
  const auto &histogram = *reference.histogram;
  std::vector<std::string> lines = {Form("Entries  %.7g", histogram.GetEntries()), Form("Mean  %.4g", histogram.GetMean()),
                                    Form("RMS  %.4g", histogram.GetStdDev())};
  if (!label.empty())
    lines.insert(lines.begin(), label);
  lines.resize(std::clamp<size_t>(size_t(height / letters * of_line), 1, lines.size()));
  const auto box = new TPaveText(left, top - height, right, top, "NDC");
  box->SetBit(TObject::kCanDelete);
  box->SetBorderSize(1);
  box->SetFillColor(10);
  box->SetTextColor(reference_colour(reference.number));
  box->SetTextAlign(12);
  box->SetTextSize(letters);
  for (const auto &line : lines)
    box->AddText(line.c_str());
  box->Draw();
}

}  // namespace

Color_t reference_colour(size_t number) { return kColours[(number - 1) % std::size(kColours)]; }

bool is_profile(const TH1 &histogram) { return dynamic_cast<const TProfile *>(&histogram) != nullptr; }

bool same_binning(const TH1 &one, const TH1 &other) {
  const TAxis &a = *one.GetXaxis(), &b = *other.GetXaxis();
  if (a.GetNbins() != b.GetNbins())
    return false;
  const double close = 1e-6 * std::abs(a.GetXmax() - a.GetXmin());
  for (int bin = 1; bin <= a.GetNbins() + 1; ++bin)
    if (std::abs(a.GetBinLowEdge(bin) - b.GetBinLowEdge(bin)) > close)
      return false;
  return true;
}

TH1 *drawn_copy(const TH1 &histogram) {
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

void draw_boxes(const std::vector<Drawn> &references, const Spec &spec) {
  constexpr double highest = 0.835, lowest = 0.02, usual = 0.16;
  if (spec.stats == 0 || references.empty())
    return;
  const double height = std::min(usual, (highest - lowest) / references.back().number);
  for (const auto &reference : references)
    if (!is_profile(*reference.histogram))
      draw_box(reference, spec.labels[reference.number], highest - height * (reference.number - 1), height);
}

void draw_note(const std::string &text, Color_t colour, size_t line) {
  constexpr double indent = 0.02;
  const double letters = 0.04 / gPad->GetAbsHNDC(), height = 1.25 * letters;  // as large in any part of the canvas
  const double top = 1 - gPad->GetTopMargin() - 0.01 - height * line, left = gPad->GetLeftMargin() + indent;
  const auto note = new TPaveText(left, top - height, left + 0.5, top, "NDC");
  note->SetBit(TObject::kCanDelete);
  note->SetBorderSize(0);
  note->SetFillStyle(0);
  note->SetTextAlign(12);
  note->SetTextColor(colour);
  note->SetTextSize(letters);
  note->AddText(text.c_str());
  note->Draw();
}

Overlay::Overlay(TH1 &main, const std::vector<TH1 *> &references, const Spec &spec, bool normalise) : spec_(spec) {
  double highest = 0;
  for (size_t i = 0; i < references.size(); ++i) {
    if (!references[i] || references[i]->GetDimension() != 1)
      continue;
    references_.push_back({drawn_copy(*references[i]), i + 1});
    if (normalise)
      scale_to(main, *references_.back().histogram);
    if (!spec.errors && !is_profile(*references[i]))
      references_.back().histogram->Sumw2(kFALSE);  // with it ROOT draws error bars unasked
    highest = std::max(highest, references_.back().histogram->GetMaximum());
  }
  if (references_.empty())
    return;
  main.SetLineWidth(2);
  if (!spec.y.max && highest > main.GetMaximum())
    main.SetMaximum(kHeadroom * highest);
  if (spec.ktest > 0)
    compare(main, references);
}

void Overlay::compare(const TH1 &main, const std::vector<TH1 *> &references) {
  for (const auto &drawn : references_) {
    const TH1 &reference = *references[drawn.number - 1];
    if (!comparable(main, reference))
      continue;
    const double probability = main.KolmogorovTest(&reference);
    notes_.emplace_back(Form(probability < spec_.ktest ? "KS %.3g < %g" : "KS %.3g", probability, spec_.ktest), reference_colour(drawn.number));
  }
}

void Overlay::draw() {
  for (const auto &[histogram, number] : references_) {
    histogram->SetLineColor(reference_colour(number));
    histogram->SetMarkerColor(reference_colour(number));
    histogram->SetMarkerStyle(kStar);
    histogram->SetMarkerSize(0.85);
    histogram->Draw(is_profile(*histogram) ? "SAME HIST" : spec_.errors ? "SAME P E1 X0" : "SAME P");
  }
  draw_boxes(references_, spec_);
  for (size_t line = 0; line < notes_.size(); ++line)
    draw_note(notes_[line].first, notes_[line].second, line);
}

}  // namespace dqmhub
