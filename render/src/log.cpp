#include "log.h"

#include <poll.h>
#include <unistd.h>

namespace dqmhub {

void log(const std::string &line) {
  const std::string whole = "render: " + line + "\n";
  pollfd error = {STDERR_FILENO, POLLOUT, 0};
  if (poll(&error, 1, 0) == 0)  // a full pipe: whoever should read the log does not, and waiting would stop the service
    return;
  [[maybe_unused]] const auto written = write(STDERR_FILENO, whole.data(), whole.size());
}

std::string to_printable(std::string text) {
  constexpr size_t max_bytes = 500;
  if (text.size() > max_bytes)
    text = text.substr(0, max_bytes) + "...";
  for (char &c : text)
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f)
      c = '?';
  return text;
}

}  // namespace dqmhub
