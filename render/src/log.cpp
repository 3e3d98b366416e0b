#include "log.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <optional>
#include <string_view>

#include "own_process.h"

namespace dqmhub {
namespace {

constexpr int kMaxOutputParts = 16;
constexpr size_t kMaxOutputLine = 2000;  // bytes of JSON; longer ones become several
constexpr size_t kMaxSequence = 4;       // bytes of a character
std::optional<OpenDescriptors> standard_error;
const std::array<std::string_view, 4> kLevels = {"debug", "info", "warning", "error"};
LogLevel lowest = LogLevel::info;
bool is_json = false;
std::string request;
int destination = STDERR_FILENO;
int output = -1;           // of plugins and libraries, to be read by the master
std::string partial_line;  // of it

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

struct JsonPart {
  std::string json;   // without quotes
  size_t length = 0;  // of the text that it stands for, bytes
};

// Returns the beginning of a text, as long as its JSON has at most `max_bytes`.
JsonPart json_part(std::string_view text, size_t max_bytes) {
  JsonPart part;
  while (part.length < text.size()) {
    const size_t length = sequence_length(text.substr(part.length));
    const auto byte = static_cast<unsigned char>(text[part.length]);
    std::string character;
    if (byte < ' ' || byte == 0x7f || length == 0) {
      char escape[7];
      std::snprintf(escape, sizeof escape, "\\u%04x", length == 0 ? 0xfffd : byte);
      character = escape;
    } else {
      character = byte == '"' || byte == '\\' ? "\\" : "";
      character += text.substr(part.length, length);
    }
    if (part.json.size() + character.size() > max_bytes)
      break;
    part.json += character;
    part.length += std::max<size_t>(length, 1);
  }
  return part;
}

std::string json_string(std::string_view text) { return '"' + json_part(text, std::string::npos).json + '"'; }

std::string utc_time() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
  const time_t seconds = ms / 1000;
  tm parts;
  char text[24], whole[40];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", gmtime_r(&seconds, &parts));
  std::snprintf(whole, sizeof whole, "%s.%03d+00:00", text, int(ms % 1000));
  return whole;
}

std::string json_line(const std::string &message, LogLevel level) {
  return "{\"time\": \"" + utc_time() + "\", \"level\": \"" + std::string(kLevels[size_t(level)]) +
         "\", \"process\": \"render\", \"pid\": " + std::to_string(getpid()) +
         ", \"logger\": \"render\", \"message\": " + json_string(message) +
         (request.empty() ? "" : ", \"request\": " + json_string(request)) + "}\n";
}

std::string text_line(const std::string &message) {
  return "render: " + message + (request.empty() ? "" : " [request " + request + "]") + "\n";
}

}  // namespace

void open_log() { standard_error.emplace(std::vector<int>{destination}); }

bool set_log_format(std::string_view name) {
  is_json = name == "json";
  return is_json || name == "text";
}

bool set_log_level(std::string_view name) {
  const auto found = std::find(kLevels.begin(), kLevels.end(), name);
  if (found == kLevels.end())
    return false;
  lowest = LogLevel(found - kLevels.begin());
  return true;
}

int capture_output() {
  int ends[2];
  const int copy = is_json ? fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3) : -1;
  if (copy < 0 || pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)  // a plugin must not wait for the master, so the pipe does not block
    return -1;
  destination = copy;
  open_log();
  dup2(ends[1], STDOUT_FILENO);
  dup2(ends[1], STDERR_FILENO);
  close(ends[1]);
  std::setvbuf(stdout, nullptr, _IOLBF, 0);
  return output = ends[0];
}

void log_output() {
  char bytes[4096];
  for (int part = 0; part < kMaxOutputParts; ++part) {  // a plugin that writes all the time must not stop the caller
    const ssize_t count = read(output, bytes, sizeof bytes);
    if (count <= 0)
      return;
    partial_line.append(bytes, count);
    for (size_t end; (end = partial_line.find('\n')) != partial_line.npos || partial_line.size() >= kMaxOutputLine + kMaxSequence;) {
      const size_t length = json_part(std::string_view(partial_line).substr(0, end), kMaxOutputLine).length;
      log("output: " + partial_line.substr(0, length), LogLevel::warning);
      partial_line.erase(0, length + (length == end));
    }
  }
}

void set_log_request(std::string_view id) { request = id; }

bool is_logged(LogLevel level) { return level >= lowest; }

void log(const std::string &line, LogLevel level) {
  if (!is_logged(level))
    return;
  if (standard_error && !standard_error->are_intact())
    return;
  const std::string whole = is_json ? json_line(line, level) : text_line(line);
  pollfd error = {destination, POLLOUT, 0};
  if (poll(&error, 1, 0) == 0)  // a full pipe that nobody reads: waiting would stop the service
    return;
  [[maybe_unused]] const auto written = write(destination, whole.data(), whole.size());
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
