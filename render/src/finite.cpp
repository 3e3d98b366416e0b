#include "finite.h"

#include <TArrayD.h>
#include <TArrayF.h>
#include <TProfile.h>
#include <TProfile2D.h>

#include <cmath>

#include "polygons.h"

namespace dqmhub {
namespace {

constexpr double kLargest = 1e150;  // its square, which errors need, is still a double

bool drawable(double value) { return std::abs(value) < kLargest; }  // false for NaN too

// A sum is not finite when any of its terms is not: one quick pass tells that there is nothing to mend.
template <typename Value> bool all_drawable(const Value *values, int count) {
  double sum = 0;
  for (int i = 0; i < count; ++i)
    sum += std::abs(double(values[i]));
  return drawable(sum);
}

bool all_drawable(const TArrayD *array) { return !array || all_drawable(array->GetArray(), array->GetSize()); }

bool all_drawable(TH2Poly &map) {
  bool good = all_drawable(map.GetSumw2());
  for_each_bin(map, [&good](const TH2PolyBin &bin) { good = good && drawable(bin.GetContent()); });
  return good;
}

bool all_drawable(TH1 &histogram) {
  if (const auto polygons = dynamic_cast<TH2Poly *>(&histogram))
    return all_drawable(*polygons);
  if (const auto floats = dynamic_cast<const TArrayF *>(&histogram))
    return all_drawable(floats->GetArray(), floats->GetSize()) && all_drawable(histogram.GetSumw2());
  return all_drawable(dynamic_cast<const TArrayD *>(&histogram)) && all_drawable(histogram.GetSumw2());
}

template <typename Profile> void mend_entries(TH1 &histogram) {
  const auto profile = dynamic_cast<Profile *>(&histogram);
  if (!profile)
    return;
  for (int cell = 0; cell < profile->GetNcells(); ++cell)
    if (!drawable(profile->GetBinEntries(cell)))
      profile->SetBinEntries(cell, 0);
}

void mend(TH2Poly &map) {
  for_each_bin(map, [](TH2PolyBin &bin) {
    if (!drawable(bin.GetContent()))
      bin.SetContent(0);
  });
  map.Sumw2(kFALSE);
}

void mend(TH1 &histogram) {
  if (const auto polygons = dynamic_cast<TH2Poly *>(&histogram))
    return mend(*polygons);
  mend_entries<TProfile>(histogram);
  mend_entries<TProfile2D>(histogram);
  TArrayD &squares = *histogram.GetSumw2();
  for (int cell = 0; cell < histogram.GetNcells(); ++cell) {
    const bool good = drawable(histogram.GetBinContent(cell));
    if (!good)
      histogram.SetBinContent(cell, 0);
    if (squares.GetSize() && (!good || !drawable(histogram.GetBinError(cell))))
      squares.SetAt(0, cell);
  }
  histogram.ResetStats();
}

// Whether the sums behind mean and deviation are finite. They are kept, where ROOT would add them up from the cells
// again for each line of the statistics box.
bool settle_sums(TH1 &histogram) {
  double sums[TH1::kNstat] = {};
  histogram.GetStats(sums);
  if (!all_drawable(sums, TH1::kNstat))
    return false;
  histogram.PutStats(sums);
  return true;
}

}  // namespace

bool make_finite(TH1 &histogram) {
  const bool finite = all_drawable(histogram) && settle_sums(histogram);
  if (!finite)
    mend(histogram);
  return finite;
}

}  // namespace dqmhub
