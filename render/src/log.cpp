#include "log.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <string_view>

#include "own_process.h"

namespace dqmhub {
namespace {

std::optional<OpenDescriptors> standard_error;

// Returns the length of the UTF-8 sequence at the start of `text`, 0 if there is none. Overlong ones and surrogates are none.
size_t sequence_length(std::string_view text) {
  const auto byte = [text](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const unsigned first = byte(0), second = byte(1);
  const size_t length = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  for (size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xc0) != 0x80)
      return 0;
  const bool invalid = (first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) || (first == 0xf0 && second < 0x90) ||
                       (first == 0xf4 && second > 0x8f);
  return invalid ? 0 : length;
}

}  // namespace

void open_log() { standard_error.emplace(std::vector<int>{STDERR_FILENO}); }

void log(const std::string &line) {
  if (standard_error && !standard_error->are_intact())
    return;
  const std::string whole = "render: " + line + "\n";
  pollfd error = {STDERR_FILENO, POLLOUT, 0};
  if (poll(&error, 1, 0) == 0)  // a full pipe that nobody reads: waiting would stop the service
    return;
  [[maybe_unused]] const auto written = write(STDERR_FILENO, whole.data(), whole.size());
}

std::string to_printable(const std::string &text) {
  constexpr size_t max_bytes = 500;
  std::string printable;
  for (size_t at = 0; at < text.size();) {
    const size_t length = sequence_length(std::string_view(text).substr(at));
    if (at + std::max<size_t>(length, 1) > max_bytes)
      return printable + "...";
    const bool control = static_cast<unsigned char>(text[at]) < ' ' || text[at] == 0x7f;
    printable += length == 0 || control ? "?" : text.substr(at, length);
    at += std::max<size_t>(length, 1);
  }
  return printable;
}

}  // namespace dqmhub
