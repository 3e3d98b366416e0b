#include "overlay.h"

#include <TPaveText.h>
#include <TProfile.h>

#include <algorithm>
#include <cmath>

namespace dqmhub {
namespace {

constexpr double kHeadroom = 1.05;
const Color_t kColours[] = {kGray, kAzure, kOrange + 7, kRed + 1, kMagenta + 2, kGreen - 3};

Color_t colour(size_t number) { return kColours[number % std::size(kColours)]; }

bool is_profile(const TH1 &histogram) { return dynamic_cast<const TProfile *>(&histogram) != nullptr; }

// A copy with real contents, owned by the pad: scaled integer contents would be cut to whole numbers.
TH1 *drawn_copy(const TH1 &reference) {
  TH1 *copy;
  if (is_profile(reference)) {
    copy = static_cast<TH1 *>(reference.Clone());
  } else {
    const auto real = new TH1D();
    real->SetDirectory(nullptr);
    static_cast<const TH1 &>(reference).TH1::Copy(*real);
    copy = real;
  }
  copy->SetDirectory(nullptr);
  copy->SetBit(TObject::kCanDelete);
  return copy;
}

void scale_to(const TH1 &main, TH1 &reference) {
  const double wanted = main.GetSumOfWeights(), present = reference.GetSumOfWeights();
  if (wanted != 0 && present != 0 && !is_profile(reference))
    reference.Scale(wanted / present);
}

void draw_box(const TH1 &reference, const std::string &label, size_t number) {
  constexpr double left = 0.78, right = 0.98, top = 0.835, height = 0.16;
  const auto box = new TPaveText(left, top - height * number, right, top - height * (number - 1), "NDC");
  box->SetBit(TObject::kCanDelete);
  box->SetBorderSize(1);
  box->SetFillColor(10);
  box->SetTextColor(colour(number));
  box->SetTextAlign(12);
  box->SetTextSize(0.03);
  if (!label.empty())
    box->AddText(label.c_str());
  box->AddText(Form("Entries  %g", reference.GetEntries()));
  box->AddText(Form("Mean  %.4g", reference.GetMean()));
  box->AddText(Form("RMS  %.4g", reference.GetStdDev()));
  box->Draw();
}

}  // namespace

Overlay::Overlay(TH1 &main, const std::vector<TH1 *> &references, const Spec &spec, bool normalise) : spec_(spec) {
  double highest = 0;
  for (size_t i = 0; i < references.size(); ++i) {
    if (references[i]->GetDimension() != 1)
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
}

void Overlay::draw() {
  for (const auto &[histogram, number] : references_) {
    const bool profile = is_profile(*histogram);
    histogram->SetStats(kFALSE);
    histogram->SetLineColor(colour(number));
    histogram->SetMarkerColor(colour(number));
    histogram->SetMarkerStyle(kStar);
    histogram->SetMarkerSize(0.85);
    histogram->Draw(profile ? "SAME HIST" : spec_.errors ? "SAME P E1 X0" : "SAME P");
    if (spec_.stats != 0 && !profile)
      draw_box(*histogram, spec_.labels[std::min(number, spec_.labels.size() - 1)], number);
  }
}

}  // namespace dqmhub
