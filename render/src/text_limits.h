// Limits of the texts of a histogram, which a file may hold in any length.
#pragma once
#include <TH1.h>

#include <string>
#include <string_view>

namespace dqmhub {

// Returns the start of a text of more than 500 bytes, followed by dots. It ends between two letters, and outside the
// braces of a formula or with their ends.
std::string limited_text(std::string_view text);

// Returns a text cut to so many bytes: its start and its end with dots between them, without parts of letters.
std::string shortened_text(std::string_view text, size_t bytes);

// Limits what is written on the plot of a histogram: its name and title, axis titles, bin labels, and the texts that the file
// stores with it. ROOT's time for a formula grows with the square of its length. Of more than 500 bin labels on an axis only
// every second, third, ... is kept.
void limit_texts(TH1 &histogram);

}  // namespace dqmhub
