// Difference of two histograms.
#pragma once
#include <TH1.h>

#include <memory>

namespace dqmhub {

// Returns `one` minus `other`, bin by bin, in floating point; for profiles the difference of the means. `normalise`: `other` is
// scaled to the area of `one` if both are above 0, unless it is a profile. Returns null if the bins differ.
std::unique_ptr<TH1> difference(TH1 &one, TH1 &other, bool normalise);

}  // namespace dqmhub
