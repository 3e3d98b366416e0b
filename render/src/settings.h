// Command-line settings of the service.
#pragma once
#include <string>
#include <vector>

namespace dqmhub {

struct Settings {
  std::string directory;  // ends with a slash; holds `socket`, `pid` and `status.json`
  int workers = 1;
  double timeout_s = 30;           // wall time limit of one request
  double cpu_s = 20;               // CPU time limit of one request
  int memory_mb = 1024;            // memory that a worker may map in addition to what it inherits from the master
  std::string plugins;             // a shared library, or empty
  int output = -1;                 // what plugins and libraries write, to become lines of the log; -1: it is there already
  std::vector<std::string> roots;  // folders with ROOT files that requests may name as a source of StreamerInfo
  std::string socket() const { return directory + "socket"; }
  std::string pid() const { return directory + "pid"; }
  std::string status() const { return directory + "status.json"; }
  std::string blacklist() const { return directory + "../blacklist.txt"; }
};

}  // namespace dqmhub
