#include "ratio.h"

#include <TLine.h>
#include <TPad.h>

#include <algorithm>
#include <cmath>

namespace dqmhub {
namespace {

constexpr double kLeast = 0.001, kMost = 10;  // ratios beyond do not widen the axis

TH1 *empty_copy(const TH1 &main) {
  TH1 *copy = drawn_copy(main);
  copy->GetListOfFunctions()->Clear();
  copy->Reset("ICES");
  copy->SetTitle("");
  copy->SetLineWidth(1);  // the plot's own is bold
  return copy;
}

TH1 *divided(const TH1 &main, const TH1 &reference) {
  TH1 *ratio = empty_copy(main);
  for (int bin = 1; bin <= main.GetNbinsX(); ++bin) {
    const double above = main.GetBinContent(bin), below = reference.GetBinContent(bin);
    if (above == 0 || below == 0)
      continue;
    ratio->SetBinContent(bin, above / below);
    ratio->SetBinError(bin, std::abs(above / below) * std::hypot(main.GetBinError(bin) / above, reference.GetBinError(bin) / below));
  }
  return ratio;
}

// An axis around 1 that shows all ratios within bounds, in the part of the plot that is shown.
void set_range(TH1 &frame, const std::vector<Drawn> &ratios, const TAxis &shown) {
  constexpr double margin = 0.1;
  double low = 0.9, high = 1.1;
  for (const auto &ratio : ratios)
    for (int bin = shown.GetFirst(); bin <= shown.GetLast(); ++bin)
      if (const double value = ratio.histogram->GetBinContent(bin); value > kLeast && value < kMost)
        low = std::min(low, value), high = std::max(high, value);
  const double room = margin * (high - low);
  frame.SetMinimum(low - room);
  frame.SetMaximum(high + room);
}

void draw_frame(TH1 &frame, const TH1 &main) {
  frame.GetXaxis()->SetRange(main.GetXaxis()->GetFirst(), main.GetXaxis()->GetLast());
  frame.GetYaxis()->SetTitle("Ratio");
  frame.GetYaxis()->SetNdivisions(504);
  enlarge_letters(frame, static_cast<TPad &>(*gPad));
  frame.Draw("AXIS");
  const TAxis &axis = *main.GetXaxis();
  const auto one = new TLine(axis.GetBinLowEdge(axis.GetFirst()), 1, axis.GetBinUpEdge(axis.GetLast()), 1);
  one->SetBit(TObject::kCanDelete);
  one->SetLineColor(kGray + 1);
  one->SetLineStyle(2);
  one->Draw();
}

}  // namespace

RatioPads::RatioPads(TCanvas &canvas) : upper(new TPad("upper", "", 0, 0.3, 1, 1)), lower(new TPad("lower", "", 0, 0.05, 1, 0.3)) {
  upper->SetBottomMargin(0.03);
  lower->SetTopMargin(0.05);
  lower->SetBottomMargin(0.4);
  for (const auto pad : {upper, lower}) {
    pad->SetBit(TObject::kCanDelete);
    pad->SetLogx(canvas.GetLogx());
    pad->SetGrid(canvas.GetGridx(), canvas.GetGridy());
    pad->Draw();
  }
  upper->SetLogy(canvas.GetLogy());
}

void enlarge_letters(TH1 &histogram, const TPad &pad) {
  const double width = pad.GetWw(), height = pad.GetWh();
  const double factor = std::min(width, height) / std::min(width * pad.GetAbsWNDC(), height * pad.GetAbsHNDC());
  for (const auto axis : {histogram.GetXaxis(), histogram.GetYaxis()}) {
    axis->SetLabelSize(axis->GetLabelSize() * factor);
    axis->SetTitleSize(axis->GetTitleSize() * factor);
  }
  histogram.GetYaxis()->SetTitleOffset(1 / factor);
}

void draw_ratios(const TH1 &main, const std::vector<Drawn> &references, const Spec &spec) {
  std::vector<Drawn> ratios;
  std::vector<size_t> others;
  for (const auto &[reference, number] : references)
    if (same_binning(main, *reference))
      ratios.push_back({divided(main, *reference), number});
    else
      others.push_back(number);
  TH1 *frame = empty_copy(main);
  set_range(*frame, ratios, *main.GetXaxis());
  draw_frame(*frame, main);
  for (const auto &[ratio, number] : ratios) {
    ratio->SetLineColor(reference_colour(number));
    ratio->SetMarkerColor(reference_colour(number));
    ratio->SetMarkerStyle(kStar);
    ratio->SetMarkerSize(0.85);
    if (!spec.errors)
      ratio->Sumw2(kFALSE);
    ratio->Draw(spec.errors ? "SAME P E1 X0" : "SAME P");
  }
  for (size_t line = 0; line < others.size(); ++line)
    draw_note(Form("reference %zu has other bins", others[line]), reference_colour(others[line]), line);
}

}  // namespace dqmhub
