#include "stack.h"

#include <TVirtualPad.h>

#include <algorithm>

#include "layout.h"
#include "overlay.h"

namespace dqmhub {
namespace {

// Returns for each reference the sum of itself and all references below it.
std::vector<DrawnReference> cumulative_sums(const std::vector<DrawnReference> &parts) {
  std::vector<DrawnReference> sums;
  for (const auto &[part, number] : parts) {
    TH1 *sum = make_pad_copy(*part);
    for (int bin = 0; !sums.empty() && bin < sum->GetNcells(); ++bin)
      sum->AddBinContent(bin, sums.back().histogram->GetBinContent(bin));
    sum->Sumw2(kFALSE);
    sum->SetLineColor(reference_colour(number));
    sum->SetFillColor(reference_colour(number));
    sums.push_back({sum, number});
  }
  return sums;
}

void scale_to_area(const TH1 &main, const std::vector<DrawnReference> &parts) {
  double total = 0;
  for (const auto &part : parts)
    total += part.histogram->GetSumOfWeights();
  const double target = main.GetSumOfWeights();
  for (const auto &part : parts)
    if (total * target > 0)
      part.histogram->Scale(target / total);
}

}  // namespace

void draw_stack(TH1 &main, const std::vector<TH1 *> &references, const Spec &spec, const std::string &options, bool normalise) {
  std::vector<DrawnReference> parts;
  std::vector<size_t> incompatible;
  for (size_t i = 0; i < references.size(); ++i)
    if (references[i] && same_binning(main, *references[i]))
      parts.push_back({make_pad_copy(*references[i]), i + 1});
    else if (references[i])
      incompatible.push_back(i + 1);
  if (normalise)
    scale_to_area(main, parts);
  const auto sums = cumulative_sums(parts);
  widen_content_range(main, sums, spec);
  if (!spec.y.min && !gPad->GetLogy() && main.GetMinimum() > 0)
    main.SetMinimum(0);  // areas are comparable only from 0
  make_room_for_y_axis(*gPad, main);
  fit_titles(*gPad, main);
  main.SetLineWidth(2);
  main.Draw(options.c_str());
  for (auto sum = sums.rbegin(); sum != sums.rend(); ++sum)
    sum->histogram->Draw("SAME HIST");
  make_pad_copy(main)->Draw(options.empty() ? "SAME" : (options + " SAME").c_str());  // with " SAME" ROOT would draw no line
  make_pad_copy(main)->Draw("SAME AXIS");                                             // the areas cover the tick marks
  draw_stat_boxes(main, parts, spec);
  for (const auto &part : parts)
    delete part.histogram;
  for (size_t line = 0; line < incompatible.size(); ++line)
    draw_note(Form("reference %zu has other bins", incompatible[line]), reference_colour(incompatible[line]), line);
}

}  // namespace dqmhub
