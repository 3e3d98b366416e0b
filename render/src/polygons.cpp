#include "polygons.h"

#include <TGraph.h>
#include <TMultiGraph.h>

#include <algorithm>
#include <cmath>

namespace dqmhub {
namespace {

constexpr int kBesides = 9;  // cells of a map that are no bins: the eight sides of the map and the sea between the polygons

bool finite(const double *values, int count) {
  return values && std::all_of(values, values + count, [](double value) { return std::isfinite(value); });
}

bool whole(const TGraph *outline) {
  return outline && outline->GetN() > 0 && finite(outline->GetX(), outline->GetN()) && finite(outline->GetY(), outline->GetN());
}

template <typename Test> bool all(const TList *list, const Test &test) {
  bool good = true;
  for (TIter next(list); TObject *item = good ? next() : nullptr;)
    good = test(item);
  return good;
}

bool whole(const TObject *polygon) {
  if (const auto parts = dynamic_cast<const TMultiGraph *>(polygon))
    return all(parts->GetListOfGraphs(), [](TObject *part) { return whole(dynamic_cast<TGraph *>(part)); });
  return whole(dynamic_cast<const TGraph *>(polygon));
}

}  // namespace

bool has_whole_bins(TH2Poly &map) {
  const TList *bins = map.GetBins();
  const int64_t cells = int64_t(bins ? bins->GetSize() : 0) + kBesides;
  const bool counted = map.GetNcells() == cells && (map.GetSumw2N() == 0 || map.GetSumw2N() == cells);
  return counted && all(bins, [](TObject *item) {
    const auto bin = dynamic_cast<TH2PolyBin *>(item);
    return bin && whole(bin->GetPolygon());
  });
}

}  // namespace dqmhub
