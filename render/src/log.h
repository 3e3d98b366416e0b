#pragma once
#include <string>

namespace dqmhub {

// One line on standard error in one write, so that lines of several processes do not mix.
void log(const std::string &line);

// `text` without control characters, and no longer than a line can bear.
std::string printable(std::string text);

}  // namespace dqmhub
