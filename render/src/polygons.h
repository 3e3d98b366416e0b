// Maps of polygons, whose contents are in a list of bins and not in an array.
#pragma once
#include <TH2Poly.h>
#include <TList.h>

namespace dqmhub {

// Whether the bins are as many as the map says, each with a polygon of finite corners. A map without bins has no list of them.
bool has_whole_bins(TH2Poly &map);

// Calls `look` with each bin of a map that has whole ones.
template <typename Look> void for_each_bin(TH2Poly &map, const Look &look) {
  for (TIter next(map.GetBins()); TObject *bin = next();)
    look(static_cast<TH2PolyBin &>(*bin));
}

}  // namespace dqmhub
