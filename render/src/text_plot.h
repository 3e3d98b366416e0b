// Plots that consist of text: scalars, strings and error messages.
#pragma once
#include <TCanvas.h>

#include <string>
#include <string_view>

namespace dqmhub {

// Draws UTF-8 text in the middle of the canvas, including empty lines, in the largest font size from 9 to 16 pixels that
// fits. Text that does not fit at the smallest size is truncated.
void draw_text(TCanvas &canvas, std::string_view text, Color_t colour);

// Returns the last part of a monitor element's path, shortened in the middle if it has 20 bytes or more.
std::string short_name(std::string_view name);

// Writes a line of text in the lower left corner, small.
void draw_corner_text(TCanvas &canvas, std::string_view text);

}  // namespace dqmhub
