#include "stacked.h"

#include <TVirtualPad.h>

#include <algorithm>

#include "overlay.h"

namespace dqmhub {
namespace {

// What is shown of each reference: itself and all those below it.
std::vector<Drawn> heaped(const std::vector<Drawn> &parts) {
  std::vector<Drawn> heap;
  for (const auto &[part, number] : parts) {
    TH1 *sum = drawn_copy(*part);
    for (int bin = 0; !heap.empty() && bin < sum->GetNcells(); ++bin)
      sum->AddBinContent(bin, heap.back().histogram->GetBinContent(bin));
    sum->Sumw2(kFALSE);
    sum->SetLineColor(reference_colour(number));
    sum->SetFillColor(reference_colour(number));
    heap.push_back({sum, number});
  }
  return heap;
}

void scale_all(const TH1 &main, const std::vector<Drawn> &parts) {
  double total = 0;
  for (const auto &part : parts)
    total += part.histogram->GetSumOfWeights();
  const double wanted = main.GetSumOfWeights();
  for (const auto &part : parts)
    if (total > 0 && wanted > 0)
      part.histogram->Scale(wanted / total);
}

}  // namespace

void draw_stacked(TH1 &main, const std::vector<TH1 *> &references, const Spec &spec, const std::string &options, bool normalise) {
  std::vector<Drawn> parts;
  std::vector<size_t> others;
  for (size_t i = 0; i < references.size(); ++i)
    if (references[i] && same_binning(main, *references[i]))
      parts.push_back({drawn_copy(*references[i]), i + 1});
    else if (references[i])
      others.push_back(i + 1);
  if (normalise)
    scale_all(main, parts);
  const auto heap = heaped(parts);
  show_all(main, heap, spec);
  if (!spec.y.min && !gPad->GetLogy() && main.GetMinimum() > 0)
    main.SetMinimum(0);  // areas are compared from 0
  main.SetLineWidth(2);
  main.Draw(options.c_str());
  for (auto sum = heap.rbegin(); sum != heap.rend(); ++sum)
    sum->histogram->Draw("SAME HIST");
  drawn_copy(main)->Draw(options.empty() ? "SAME" : (options + " SAME").c_str());  // ROOT draws no line for " SAME"
  drawn_copy(main)->Draw("SAME AXIS");  // the areas cover its marks
  draw_boxes(main, parts, spec);
  for (const auto &part : parts)
    delete part.histogram;
  for (size_t line = 0; line < others.size(); ++line)
    draw_note(Form("reference %zu has other bins", others[line]), reference_colour(others[line]), line);
}

}  // namespace dqmhub
