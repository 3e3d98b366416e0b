// Helpers for TH2Poly, which stores its contents in a list of bins instead of an array.
#pragma once
#include <TH2Poly.h>
#include <TList.h>

#include <vector>

namespace dqmhub {

// Returns whether the map has as many bins as it states, each with a polygon of finite corners. A map without bins has no
// list of bins.
bool has_whole_bins(TH2Poly &map);

// Returns the x and y of all corners of a polygon, part by part.
std::vector<double> corners(const TH2PolyBin &bin);

// Calls `visit` with each bin of a map that satisfies has_whole_bins.
template <typename Visit> void for_each_bin(TH2Poly &map, const Visit &visit) {
  for (TIter next(map.GetBins()); TObject *bin = next();)
    visit(static_cast<TH2PolyBin &>(*bin));
}

}  // namespace dqmhub
