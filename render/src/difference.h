// What one histogram has more, or less, than another.
#pragma once
#include <TH1.h>

#include <memory>

namespace dqmhub {

// The contents of `one` without those of `other`, bin by bin, as real numbers; of profiles their means. Nothing where the
// two have other bins.
std::unique_ptr<TH1> difference(TH1 &one, TH1 &other);

}  // namespace dqmhub
