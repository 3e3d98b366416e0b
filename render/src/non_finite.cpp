#include "non_finite.h"

#include <TArrayD.h>
#include <TArrayF.h>
#include <TProfile.h>
#include <TProfile2D.h>

#include <cmath>

#include "polygons.h"

namespace dqmhub {
namespace {

constexpr double kLargest = 1e150;    // its square, needed for errors, is still a finite double
constexpr double kSmallest = 1e-150;  // its inverse and its square are, too

bool is_drawable(double value) { return std::abs(value) < kLargest; }  // also false for NaN

template <typename Value> double absolute_sum(const Value *values, int count) {
  double sum = 0;
  for (int i = 0; i < count; ++i)
    sum += std::abs(double(values[i]));
  return sum;
}

// The sum is undrawable if any term is, so one fast pass is enough for valid contents.
template <typename Value> bool all_drawable(const Value *values, int count) { return is_drawable(absolute_sum(values, count)); }

bool all_drawable(const TArrayD *array) { return !array || all_drawable(array->GetArray(), array->GetSize()); }

bool all_drawable(TH2Poly &map) {
  bool good = all_drawable(map.GetSumw2());
  for_each_bin(map, [&good](const TH2PolyBin &bin) { good = good && is_drawable(bin.GetContent()); });
  return good;
}

bool all_drawable(TH1 &histogram) {
  if (const auto polygons = dynamic_cast<TH2Poly *>(&histogram))
    return all_drawable(*polygons);
  if (const auto floats = dynamic_cast<const TArrayF *>(&histogram))
    return all_drawable(floats->GetArray(), floats->GetSize()) && all_drawable(histogram.GetSumw2());
  return all_drawable(dynamic_cast<const TArrayD *>(&histogram)) && all_drawable(histogram.GetSumw2());
}

template <typename Profile> void replace_undrawable_entries(TH1 &histogram) {
  const auto profile = dynamic_cast<Profile *>(&histogram);
  if (!profile)
    return;
  for (int cell = 0; cell < profile->GetNcells(); ++cell)
    if (!is_drawable(profile->GetBinEntries(cell)))
      profile->SetBinEntries(cell, 0);
}

void replace_undrawable(TH2Poly &map) {
  for_each_bin(map, [](TH2PolyBin &bin) {
    if (!is_drawable(bin.GetContent()))
      bin.SetContent(0);
  });
  map.Sumw2(kFALSE);
}

void replace_undrawable(TH1 &histogram) {
  if (const auto polygons = dynamic_cast<TH2Poly *>(&histogram))
    return replace_undrawable(*polygons);
  const double entries = histogram.GetEntries();  // both as stored: the contents are replaced for the picture only
  double sums[TH1::kNstat] = {};
  histogram.GetStats(sums);
  replace_undrawable_entries<TProfile>(histogram);
  replace_undrawable_entries<TProfile2D>(histogram);
  TArrayD &squares = *histogram.GetSumw2();
  for (int cell = 0; cell < histogram.GetNcells(); ++cell) {
    const bool good = is_drawable(histogram.GetBinContent(cell));
    if (!good)
      histogram.SetBinContent(cell, 0);
    if (squares.GetSize() && (!good || !is_drawable(histogram.GetBinError(cell))))
      squares.SetAt(0, cell);
  }
  if (all_drawable(sums, TH1::kNstat))
    histogram.PutStats(sums);
  else
    histogram.ResetStats();
  histogram.SetEntries(entries);
}

// Returns whether the sums behind mean and standard deviation are finite, and stores them in the histogram; otherwise ROOT
// would recompute them from the cells for each line of the statistics box.
bool store_finite_sums(TH1 &histogram) {
  double sums[TH1::kNstat] = {};
  histogram.GetStats(sums);
  if (!all_drawable(sums, TH1::kNstat))
    return false;
  histogram.PutStats(sums);
  return true;
}

// Contents that are all too close to 0 for a scale.
void replace_tiny(TH1 &histogram) {
  const auto contents = dynamic_cast<TArrayD *>(&histogram);
  if (!contents || absolute_sum(contents->GetArray(), contents->GetSize()) >= kSmallest)
    return;
  contents->Reset();
  histogram.GetSumw2()->Reset();
}

}  // namespace

bool replace_non_finite(TH1 &histogram) {
  const bool finite = all_drawable(histogram) && store_finite_sums(histogram);
  if (!finite)
    replace_undrawable(histogram);
  replace_tiny(histogram);
  return finite;
}

}  // namespace dqmhub
