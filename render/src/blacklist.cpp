#include "blacklist.h"

#include <sys/stat.h>

#include <fstream>

namespace dqmhub {

bool Blacklist::contains(std::string_view name) {
  refresh();
  return !names_.empty() && names_.count(std::string(name));
}

void Blacklist::refresh() {
  struct stat status = {};
  stat(path_.c_str(), &status);  // if the file is missing the time stays zero and the list empty
  if (status.st_mtim.tv_sec == modified_.tv_sec && status.st_mtim.tv_nsec == modified_.tv_nsec)
    return;
  modified_ = status.st_mtim;
  names_.clear();
  std::ifstream file(path_);
  for (std::string line; std::getline(file, line);)
    if (!line.empty())
      names_.insert(line);
}

}  // namespace dqmhub
