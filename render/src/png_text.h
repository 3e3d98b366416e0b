// Text chunks in PNG images; programs that do not know the key ignore them.
#pragma once
#include <string>

namespace dqmhub {

// Returns `png` with a tEXt chunk after the header. Returns it unchanged if `text` is empty or `png` is not a PNG.
std::string add_text_chunk(std::string png, const std::string &key, const std::string &text);

}  // namespace dqmhub
