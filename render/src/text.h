// Pictures that are words: scalars, strings, and why there is no plot.
#pragma once
#include <TCanvas.h>

#include <string>
#include <string_view>

namespace dqmhub {

// Draws UTF-8 text in the middle of the canvas, line by line, empty lines kept, in the largest letters up to 16
// pixels that fit; what does not fit at the smallest size is cut.
void draw_text(TCanvas &canvas, std::string_view text, Color_t colour);

// The last part of a monitor element's path, shortened in the middle when long.
std::string label(std::string_view name);

}  // namespace dqmhub
