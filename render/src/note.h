// A note in a PNG, which programs that do not look for it pass over.
#pragma once
#include <string>

namespace dqmhub {

// The picture with a text chunk `key` behind its header; what is no PNG, or an empty text, changes nothing.
std::string with_note(std::string png, const std::string &key, const std::string &text);

}  // namespace dqmhub
