#pragma once
#include <TH1.h>

namespace dqmhub {

// Sets contents and errors to 0 that are NaN, infinite, or so large that ROOT's painters overflow, because ROOT would paint
// no image at all; and all contents if they are below 1e-150. Returns whether all values were drawable or that small.
bool replace_non_finite(TH1 &histogram);

}  // namespace dqmhub
