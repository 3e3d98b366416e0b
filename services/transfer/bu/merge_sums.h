// Sums of histograms, for merge_check.C.

#pragma once

#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <vector>

#include "TArrayC.h"
#include "TArrayD.h"
#include "TArrayI.h"
#include "TArrayS.h"
#include "TAxis.h"
#include "TH1.h"
#include "TProfile.h"
#include "TProfile2D.h"
#include "TProfile3D.h"

namespace merging {

/// The sums that a histogram keeps of each bin, or the totals of them: contents and squares of weights; of a profile entries too.
struct Sums {
  std::vector<double> content, squares, entries;
  bool has_squares = false;  // else the squares are the contents
  bool is_full = false;      // a bin has the largest number of its type
};

/// Numbers of entries of the bins of a profile; empty for other histograms.
template <class Profile> void add_entries(const TH1 *histogram, std::vector<double> &entries) {
  auto *profile = dynamic_cast<const Profile *>(histogram);
  for (int bin = 0; profile && bin < histogram->GetNcells(); ++bin)
    entries.push_back(profile->GetBinEntries(bin));
}

/// The largest number that a bin holds, where ROOT stops counting; infinite for other types.
double most(const TH1 *histogram) {
  if (dynamic_cast<const TArrayC *>(histogram))
    return 127;
  if (dynamic_cast<const TArrayS *>(histogram))
    return 32767;
  return dynamic_cast<const TArrayI *>(histogram) ? 2147483647 : std::numeric_limits<double>::infinity();
}

/// The sums of a histogram. Without flows the bins outside of the axes count as empty; not by bin, there is one number for all.
Sums sums_of(TH1 *histogram, bool by_bin, bool with_flows) {
  Sums bins;
  add_entries<TProfile>(histogram, bins.entries);
  add_entries<TProfile2D>(histogram, bins.entries);
  add_entries<TProfile3D>(histogram, bins.entries);
  const auto *array = bins.entries.empty() ? nullptr : dynamic_cast<TArrayD *>(histogram);  // GetBinContent is a mean there
  const double limit = most(histogram);
  bins.has_squares = histogram->GetSumw2N();
  for (int bin = 0; bin < histogram->GetNcells(); ++bin) {
    bins.content.push_back(array ? array->At(bin) : histogram->GetBinContent(bin));
    bins.squares.push_back(bins.has_squares ? histogram->GetSumw2()->At(bin) : std::abs(bins.content.back()));
    bins.is_full = bins.is_full || std::abs(bins.content.back()) >= limit;
  }
  for (auto *values : {&bins.content, &bins.squares, &bins.entries}) {
    for (size_t bin = 0; bin < values->size() && !with_flows; ++bin)
      if (histogram->IsBinUnderflow(bin) || histogram->IsBinOverflow(bin))
        (*values)[bin] = 0;
    if (!by_bin)
      *values = {std::accumulate(values->begin(), values->end(), 0.0)};
  }
  return bins;
}

std::string axis_of(const TAxis *axis) {
  std::string made = TString::Format("%d:%.17g:%.17g;", axis->GetNbins(), axis->GetXmin(), axis->GetXmax()).Data();
  for (int edge = 0; edge < axis->GetXbins()->GetSize(); ++edge)
    made += TString::Format("%.17g,", axis->GetXbins()->At(edge)).Data();
  if (axis->GetLabels())
    for (int bin = 1; bin <= axis->GetNbins(); ++bin)
      made += std::string(axis->GetBinLabel(bin)) + '\n';
  return made;
}

std::string axes_of(TH1 *histogram) {
  return axis_of(histogram->GetXaxis()) + axis_of(histogram->GetYaxis()) + axis_of(histogram->GetZaxis());
}

/// Whether ROOT adds what is outside of the axes; not with labels, and not when axes can be extended, where nothing should be outside.
bool adds_flows(TH1 *histogram) {
  for (const auto *axis : {histogram->GetXaxis(), histogram->GetYaxis(), histogram->GetZaxis()})
    if (axis->GetLabels() || axis->CanExtend())
      return false;
  return true;
}

/// Whether numbers of the merged histogram are the sums of those of its inputs; `full` counts those that are not, at the limit of the type.
bool are_sums(const Sums &merged, const std::vector<Sums> &inputs, std::vector<double> Sums::*kind, double precision, double limit,
              long &full) {
  const auto &found = merged.*kind;
  for (size_t bin = 0; bin < found.size(); ++bin) {
    double expected = 0, size = 0;
    for (const auto &input : inputs) {
      const double value = (input.*kind)[bin];
      expected += value;
      size += std::isfinite(value) ? std::abs(value) : 0;
    }
    if (std::isnan(expected) ? std::isnan(found[bin]) : expected == found[bin])
      continue;
    if (std::abs(found[bin] - expected) <= precision * static_cast<double>(inputs.size()) * size)
      continue;
    if (!merged.is_full || size <= limit)
      return false;
    ++full;
  }
  return true;
}

}  // namespace merging
