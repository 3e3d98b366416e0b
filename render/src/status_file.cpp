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

bool write_status(const std::string &path, const ServiceStatus &status) {
  std::string names;
  for (const auto &name : status.plugins)
    names += (names.empty() ? "" : ", ") + json_string(name);
  const std::string next = path + ".new";
  std::ofstream file(next, std::ios::trunc);
  file << "{\"library\": " << json_string(status.library) << ", \"plugins\": [" << names << "], \"error\": " << json_string(status.error)
       << ", \"lost\": " << status.lost << ", \"last\": " << json_string(status.last_lost) << "}\n";
  file.close();
  if (file)
    return std::rename(next.c_str(), path.c_str()) == 0;
  std::remove(next.c_str());  // the disk is full: the old file is better than half a new one
  return false;
}

}  // namespace dqmhub
