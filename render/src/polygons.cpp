#include "polygons.h"

#include <TGraph.h>
#include <TMultiGraph.h>

#include <algorithm>
#include <cmath>

namespace dqmhub {
namespace {

constexpr int kNonBinCells = 9;  // eight overflow regions around the map and the area between the polygons

bool are_finite(const double *values, int count) {
  return values && std::all_of(values, values + count, [](double value) { return std::isfinite(value); });
}

bool is_whole(const TGraph *outline) {
  return outline && outline->GetN() > 0 && are_finite(outline->GetX(), outline->GetN()) && are_finite(outline->GetY(), outline->GetN());
}

template <typename Test> bool all(const TList *list, const Test &test) {
  bool good = true;
  for (TIter next(list); TObject *item = good ? next() : nullptr;)
    good = test(item);
  return good;
}

bool is_whole(const TObject *polygon) {
  if (const auto parts = dynamic_cast<const TMultiGraph *>(polygon))
    return all(parts->GetListOfGraphs(), [](TObject *part) { return is_whole(dynamic_cast<TGraph *>(part)); });
  return is_whole(dynamic_cast<const TGraph *>(polygon));
}

void add_corners(const TGraph &outline, std::vector<double> &all) {
  all.insert(all.end(), outline.GetX(), outline.GetX() + outline.GetN());
  all.insert(all.end(), outline.GetY(), outline.GetY() + outline.GetN());
}

}  // namespace

std::vector<double> corners(const TH2PolyBin &bin) {
  std::vector<double> all;
  if (const auto parts = dynamic_cast<const TMultiGraph *>(bin.GetPolygon()))
    for (TIter next(parts->GetListOfGraphs()); TObject *part = next();)
      add_corners(static_cast<TGraph &>(*part), all);
  else
    add_corners(static_cast<const TGraph &>(*bin.GetPolygon()), all);
  return all;
}

bool has_whole_bins(TH2Poly &map) {
  const TList *bins = map.GetBins();
  const int64_t cells = int64_t(bins ? bins->GetSize() : 0) + kNonBinCells;
  const bool counted = map.GetNcells() == cells && (map.GetSumw2N() == 0 || map.GetSumw2N() == cells);
  return counted && all(bins, [](TObject *item) {
           const auto bin = dynamic_cast<TH2PolyBin *>(item);
           return bin && is_whole(bin->GetPolygon());
         });
}

}  // namespace dqmhub
