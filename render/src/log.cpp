#include "log.h"

#include <unistd.h>

namespace dqmhub {

void log(const std::string &line) {
  const std::string whole = "render: " + line + "\n";
  [[maybe_unused]] const auto written = write(STDERR_FILENO, whole.data(), whole.size());
}

std::string printable(std::string text) {
  constexpr size_t longest = 500;
  if (text.size() > longest)
    text = text.substr(0, longest) + "...";
  for (char &c : text)
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f)
      c = '?';
  return text;
}

}  // namespace dqmhub
