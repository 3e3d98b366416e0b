// What was filled into a histogram between two snapshots of it.
#pragma once
#include <TH1.h>

#include <string>

namespace dqmhub {

// Takes an earlier snapshot of a histogram out of it: contents, errors, sums and entries become those of the entries in between.
// Returns why this is not possible, with the histogram as it was; "" if it was done.
std::string subtract(TH1 &late, TH1 &early);

}  // namespace dqmhub
