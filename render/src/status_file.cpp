#include "status_file.h"

#include <cstdio>
#include <fstream>

#include "log.h"

namespace dqmhub {
namespace {

std::string json_string(const std::string &text) {
  std::string json = "\"";
  for (const char c : to_printable(text)) {
    if (c == '"' || c == '\\')
      json += '\\';
    json += c;
  }
  return json + '"';
}

}  // namespace

void write_status(const std::string &path, const ServiceStatus &status) {
  std::string names;
  for (const auto &name : status.plugins)
    names += (names.empty() ? "" : ", ") + json_string(name);
  const std::string next = path + ".new";
  std::ofstream(next, std::ios::trunc) << "{\"library\": " << json_string(status.library) << ", \"plugins\": [" << names
                                       << "], \"error\": " << json_string(status.error) << ", \"lost\": " << status.lost
                                       << ", \"last\": " << json_string(status.last_lost) << "}\n";
  std::rename(next.c_str(), path.c_str());
}

}  // namespace dqmhub
