// PNG: a palette of up to 256 colours when that is enough, which it is for ROOT's plots, else RGB.
#pragma once
#include <cstdint>
#include <string>

namespace dqmhub {

// `pixels`: width x height of 0xAARRGGBB, row by row from the top; alpha is not looked at.
std::string encode_png(const uint32_t *pixels, uint32_t width, uint32_t height);

}  // namespace dqmhub
