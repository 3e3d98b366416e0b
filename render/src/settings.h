// What the service was asked to do on its command line.
#pragma once
#include <string>
#include <vector>

namespace dqmhub {

struct Settings {
  std::string directory;  // ends with a slash; holds `socket`, `pid` and `status.json`
  int workers = 1;
  double timeout_s = 30;  // wall time of one request
  double cpu_s = 20;      // CPU time of one request
  int memory_mb = 1024;   // that a worker may take beyond what it was born with
  std::string plugins;    // a shared library, or empty
  std::vector<std::string> roots;  // folders of the files that requests may name
  std::string socket() const { return directory + "socket"; }
  std::string pid() const { return directory + "pid"; }
  std::string status() const { return directory + "status.json"; }
  std::string blacklist() const { return directory + "../blacklist.txt"; }
};

}  // namespace dqmhub
