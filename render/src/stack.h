// Stack of references with the main histogram over it.
#pragma once
#include <TH1.h>

#include <vector>

#include "spec.h"

namespace dqmhub {

// Draws `main` with `options` over the stacked references; `normalise` scales the stack to the area of `main`. References
// with other bins than `main` are omitted, and a note names them.
void draw_stack(TH1 &main, const std::vector<TH1 *> &references, const Spec &spec, const std::string &options, bool normalise);

}  // namespace dqmhub
