#pragma once
#include <ctime>
#include <string>
#include <string_view>
#include <unordered_set>

namespace dqmhub {

// Names of monitor elements that must not be drawn: a file with one name a line, read again when it changes.
class Blacklist {
 public:
  explicit Blacklist(std::string path) : path_(std::move(path)) {}
  bool holds(std::string_view name);

 private:
  void refresh();
  std::string path_;
  timespec changed_ = {};
  std::unordered_set<std::string> names_;
};

}  // namespace dqmhub
