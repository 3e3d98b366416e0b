#pragma once
#include <string>

namespace dqmhub {

// Remembers what standard error is. Later lines go nowhere else, should a plugin close it and something else get its number.
void open_log();

// Writes one line to standard error in a single write, so that lines of several processes do not mix. Drops the line if it
// would have to wait.
void log(const std::string &line);

// Returns `text` with control characters and what is not UTF-8 replaced by '?', truncated to 500 bytes.
std::string to_printable(const std::string &text);

}  // namespace dqmhub
