#include "cells.h"

#include <TArrayC.h>
#include <TArrayF.h>
#include <TArrayI.h>
#include <TArrayS.h>
#include <TClass.h>
#include <TH2Poly.h>
#include <TProfile.h>
#include <TProfile2D.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

#include "polygons.h"

namespace dqmhub {
namespace {

constexpr int kOverflows = 9;         // regions of a TH2Poly outside its polygons, numbered from -1 down
constexpr double kRounding = 0.0001;  // of sums of weights in cells that are floats

// Smallest and largest value of a cell, and the one from which on it no longer grows by 1.
struct Range {
  double low, high, full;
};

template <typename Number> constexpr Range range_of() {
  using Limits = std::numeric_limits<Number>;
  return {double(Limits::lowest()), double(Limits::max()), double(Limits::max())};
}

Range range_of(const TArray &cells) {
  constexpr double infinite = INFINITY;
  if (dynamic_cast<const TArrayC *>(&cells))
    return range_of<int8_t>();
  if (dynamic_cast<const TArrayS *>(&cells))
    return range_of<int16_t>();
  if (dynamic_cast<const TArrayI *>(&cells))
    return range_of<int32_t>();
  return {-infinite, infinite, dynamic_cast<const TArrayF *>(&cells) ? double(1 << 24) : double(1LL << 53)};
}

// Returns the sums of weights of a profile, null for another class; no function of ROOT returns them.
template <class Profile> TArrayD *bin_entries(TH1 &histogram) {
  const auto profile = dynamic_cast<Profile *>(&histogram);
  static const auto offset = Profile::Class()->GetDataMemberOffset("fBinEntries");
  return profile ? reinterpret_cast<TArrayD *>(reinterpret_cast<char *>(profile) + offset) : nullptr;
}

std::unique_ptr<TArrayD> contents_of(TH2Poly &map) {
  auto contents = std::make_unique<TArrayD>(map.GetNcells());
  int cell = 0;
  for (; cell < kOverflows; ++cell)
    contents->SetAt(map.GetBinContent(-1 - cell), cell);
  for_each_bin(map, [&](TH2PolyBin &bin) { contents->SetAt(bin.GetContent(), cell++); });
  return contents;
}

// Subtracts the part of `early` that cells of this type can hold.
void subtract_from(TArray &late, const TArray &early) {
  const auto [low, high, full] = range_of(late);
  for (int cell = 0; cell < late.GetSize(); ++cell)
    late.SetAt(std::clamp(late.GetAt(cell) - early.GetAt(cell), low, high), cell);
}

// The same for sums of squares, which are missing where all weights are 1.
void subtract_squares(TArrayD &late, const TArray &early, const TArray &without) {
  if (late.GetSize())
    subtract_from(late, early.GetSize() ? early : without);
}

bool has_sums_of(const TArrayD &late, const TArrayD &early) { return late.GetSize() || !early.GetSize(); }

}  // namespace

Cells::Cells(TH1 &histogram) : histogram_(histogram), squares_(histogram.GetSumw2()) {
  if (const auto map = dynamic_cast<TH2Poly *>(&histogram))
    polygons_ = contents_of(*map);
  contents_ = polygons_ ? polygons_.get() : dynamic_cast<TArray *>(&histogram);
  if (const auto profile = dynamic_cast<TProfile *>(&histogram))
    entries_ = bin_entries<TProfile>(histogram), squared_entries_ = profile->GetBinSumw2();
  else if (const auto surface = dynamic_cast<TProfile2D *>(&histogram))
    entries_ = bin_entries<TProfile2D>(histogram), squared_entries_ = surface->GetBinSumw2();
}

bool Cells::are_finite() const {
  const auto finite = [](const TArray *values) {
    for (int cell = 0; values && cell < values->GetSize(); ++cell)
      if (!std::isfinite(values->GetAt(cell)))
        return false;
    return true;
  };
  return finite(contents_) && finite(squares_) && finite(entries_) && finite(squared_entries_);
}

bool Cells::is_outside(int cell) const {
  return polygons_ ? cell < kOverflows : histogram_.IsBinUnderflow(cell) || histogram_.IsBinOverflow(cell);
}

bool Cells::add_up_to(double sum) const {
  double all = 0, outside = 0, rounding = 0;
  for (int cell = 0; cell < size(); ++cell) {
    all += weight(cell);
    rounding += kRounding * std::abs(weight(cell));
  }
  if (rounding == 0)
    return histogram_.GetEntries() == 0;
  if (std::abs(all - sum) <= rounding)
    return true;
  for (int cell = 0; cell < size(); ++cell)
    outside += is_outside(cell) ? weight(cell) : 0;
  return std::abs(all - outside - sum) <= rounding;
}

bool Cells::has_full_cell() const {
  const double full = range_of(weights()).full;
  for (int cell = 0; cell < size(); ++cell)
    if (std::abs(weight(cell)) >= full)
      return true;
  return false;
}

bool Cells::have_grown_since(const Cells &early) const {
  for (int cell = 0; cell < size(); ++cell) {
    const bool has_shrunk = squared_weight(cell) < early.squared_weight(cell);
    if (has_shrunk || (entries_ && squares_->GetAt(cell) < early.squares_->GetAt(cell)))
      return false;
  }
  return true;
}

bool Cells::continue_sums_of(const Cells &early) const {
  return has_sums_of(*squares_, *early.squares_) &&
         (!entries_ || (has_sums_of(*squared_entries_, *early.squared_entries_) && squares_->GetSize() == early.squares_->GetSize()));
}

void Cells::subtract(const Cells &early) {
  subtract_squares(*squares_, *early.squares_, *early.contents_);
  if (entries_) {
    subtract_squares(*squared_entries_, *early.squared_entries_, *early.entries_);
    subtract_from(*entries_, *early.entries_);
  }
  subtract_from(*contents_, *early.contents_);
  if (polygons_)
    store_polygons();
}

void Cells::store_polygons() const {
  auto &map = dynamic_cast<TH2Poly &>(histogram_);
  int cell = 0;
  for (; cell < kOverflows; ++cell)
    map.SetBinContent(-1 - cell, polygons_->GetAt(cell));
  for_each_bin(map, [&](TH2PolyBin &bin) { bin.SetContent(polygons_->GetAt(cell++)); });
}

}  // namespace dqmhub
