#pragma once
#include <TH1.h>

namespace dqmhub {

// Puts 0 in place of contents and errors that are not numbers, infinite, or so large that ROOT's painters would
// overflow on them: with any of them ROOT paints no image at all. False when there were such.
bool make_finite(TH1 &histogram);

}  // namespace dqmhub
