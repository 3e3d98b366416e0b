#pragma once
#include <TH1.h>

namespace dqmhub {

// Sets contents and errors to 0 that are NaN, infinite, or so large that ROOT's painters overflow, because ROOT would paint
// no image at all. Returns whether all values were drawable.
bool replace_non_finite(TH1 &histogram);

}  // namespace dqmhub
