// References on top of each other, and the plot over them.
#pragma once
#include <TH1.h>

#include <vector>

#include "spec.h"

namespace dqmhub {

// Draws `main` with `options` over the sum of the references, which is scaled to its area if `normalise`. Bins that
// differ from those of `main` cannot be added up: such a reference is left out, and a note says so.
void draw_stacked(TH1 &main, const std::vector<TH1 *> &references, const Spec &spec, const std::string &options, bool normalise);

}  // namespace dqmhub
