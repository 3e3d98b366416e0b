#include "blacklist.h"

#include <sys/stat.h>

#include <fstream>

namespace dqmhub {

bool Blacklist::holds(std::string_view name) {
  refresh();
  return !names_.empty() && names_.count(std::string(name));
}

void Blacklist::refresh() {
  struct stat now = {};
  stat(path_.c_str(), &now);  // absent: the zeros stay, and no name is held
  if (now.st_mtim.tv_sec == changed_.tv_sec && now.st_mtim.tv_nsec == changed_.tv_nsec)
    return;
  changed_ = now.st_mtim;
  names_.clear();
  std::ifstream file(path_);
  for (std::string line; std::getline(file, line);)
    if (!line.empty())
      names_.insert(line);
}

}  // namespace dqmhub
