// StreamerInfo: descriptions of older class versions, which come with the requests that need them.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace dqmhub {

// Name and version of classes, with their layouts as text.
using ClassVersions = std::map<std::pair<std::string, int>, std::string>;

// Loads the StreamerInfo contained in a request, or in the file that it names, and returns what it describes; null if it
// cannot be read. Where files describe a class version differently, the layout is that of the latest request.
const ClassVersions *load_streamers(std::string_view streamers);

// Allows requests to name files below this folder.
void allow_streamer_folder(const std::string &folder);

}  // namespace dqmhub
