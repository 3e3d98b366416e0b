#pragma once
#include <string>

namespace dqmhub {

// Writes one line to standard error in a single write, so that lines of several processes do not mix. Drops the line if it
// would have to wait.
void log(const std::string &line);

// Returns `text` with control characters replaced by '?', truncated to 500 bytes.
std::string to_printable(std::string text);

}  // namespace dqmhub
