// status.json: the loaded plugins and the lost workers, for the status page of the hub.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace dqmhub {

struct ServiceStatus {
  std::string library;               // path of the library of plugins, or empty
  std::vector<std::string> plugins;  // names of the loaded plugins
  std::string error;                 // why the library could not be loaded, or empty
  uint64_t lost = 0;                 // number of lost workers
  std::string last_lost;             // how the last of them was lost, or empty
};

// Writes the status to `path`. Readers see the old file or the whole new one. Returns false if it cannot be written.
bool write_status(const std::string &path, const ServiceStatus &status);

}  // namespace dqmhub
