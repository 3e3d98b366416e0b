#pragma once
#include <ctime>
#include <string>
#include <string_view>
#include <unordered_set>

namespace dqmhub {

// Names of monitor elements that must not be drawn, from a file with one name per line. Rereads the file when it changes.
class Blacklist {
 public:
  explicit Blacklist(std::string path) : path_(std::move(path)) {}
  bool contains(std::string_view name);

 private:
  void refresh();
  std::string path_;
  timespec modified_ = {};
  std::unordered_set<std::string> names_;
};

}  // namespace dqmhub
