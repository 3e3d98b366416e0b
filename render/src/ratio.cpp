#include "ratio.h"

#include <TLine.h>
#include <TPad.h>

#include <algorithm>
#include <cmath>

namespace dqmhub {
namespace {

constexpr double kMinRatio = 0.001, kMaxRatio = 10;  // ratios outside this range do not widen the axis

TH1 *empty_copy(const TH1 &main) {
  TH1 *copy = make_pad_copy(main);
  copy->GetListOfFunctions()->Clear();
  copy->Reset("ICES");
  copy->SetTitle("");
  copy->SetLineWidth(1);  // the main histogram has a bold line
  return copy;
}

TH1 *make_ratio(const TH1 &main, const TH1 &reference) {
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

// Sets a range around 1 that contains all displayed ratios between kMinRatio and kMaxRatio.
void set_range(TH1 &frame, const std::vector<DrawnReference> &ratios, const TAxis &axis) {
  constexpr double margin = 0.1;
  double low = 0.9, high = 1.1;
  for (const auto &ratio : ratios)
    for (int bin = axis.GetFirst(); bin <= axis.GetLast(); ++bin)
      if (const double value = ratio.histogram->GetBinContent(bin); value > kMinRatio && value < kMaxRatio)
        low = std::min(low, value), high = std::max(high, value);
  const double room = margin * (high - low);
  frame.SetMinimum(low - room);
  frame.SetMaximum(high + room);
}

void draw_frame(TH1 &frame, const TH1 &main) {
  frame.GetXaxis()->SetRange(main.GetXaxis()->GetFirst(), main.GetXaxis()->GetLast());
  frame.GetYaxis()->SetTitle("Ratio");
  frame.GetYaxis()->SetNdivisions(504);
  scale_labels(frame, static_cast<TPad &>(*gPad));
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
  upper->SetTopMargin(canvas.GetTopMargin() / upper->GetHNDC());  // the room that other plots have for the title and a power of ten
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

void scale_labels(TH1 &histogram, const TPad &pad) {
  const double width = pad.GetWw(), height = pad.GetWh();
  const double factor = std::min(width, height) / std::min(width * pad.GetAbsWNDC(), height * pad.GetAbsHNDC());
  for (const auto axis : {histogram.GetXaxis(), histogram.GetYaxis()}) {
    axis->SetLabelSize(axis->GetLabelSize() * factor);
    axis->SetTitleSize(axis->GetTitleSize() * factor);
  }
}

TH1 &draw_ratios(const TH1 &main, const std::vector<DrawnReference> &references) {
  std::vector<DrawnReference> ratios;
  std::vector<size_t> incompatible;
  for (const auto &[reference, number] : references)
    if (same_binning(main, *reference))
      ratios.push_back({make_ratio(main, *reference), number});
    else
      incompatible.push_back(number);
  TH1 *frame = empty_copy(main);
  set_range(*frame, ratios, *main.GetXaxis());
  draw_frame(*frame, main);
  for (const auto &[ratio, number] : ratios) {
    ratio->SetLineColor(reference_colour(number));
    ratio->SetMarkerColor(reference_colour(number));
    ratio->SetMarkerStyle(kStar);
    ratio->SetMarkerSize(0.85);
    ratio->Draw("SAME P E1 X0");
  }
  for (size_t line = 0; line < incompatible.size(); ++line)
    draw_note(Form("reference %zu has other bins", incompatible[line]), reference_colour(incompatible[line]), line);
  return *frame;
}

}  // namespace dqmhub
