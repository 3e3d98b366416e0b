#pragma once
#include <string>
#include <string_view>

namespace dqmhub {

enum class LogLevel { debug, info, warning, error };

// Remembers what standard error is. Later lines go nowhere else, should a plugin close it and something else get its number.
void open_log();

// Chooses what is logged, and whether as text for people or as one JSON object per line. Returns false for unknown names.
bool set_log_format(std::string_view name);
bool set_log_level(std::string_view name);

// Makes lines of the log of what plugins and libraries write to standard output and error, if the log is JSON. Returns a
// descriptor that becomes readable when there is something for `log_output`, -1 for text, which needs no such lines.
int capture_output();
void log_output();

// The id of the HTTP request that the next lines of this process belong to, "" for none.
void set_log_request(std::string_view id);

// Writes one line to standard error in a single write, so that lines of several processes do not mix. Drops the line if it
// would have to wait.
void log(const std::string &line, LogLevel level = LogLevel::info);
bool is_logged(LogLevel level);

// Returns `text` with control characters and what is not UTF-8 replaced by '?', truncated to 500 bytes.
std::string to_printable(const std::string &text);

}  // namespace dqmhub
