// PNG encoder: uses a palette for up to 256 colours, which is enough for nearly all plots, otherwise RGB.
#pragma once
#include <cstdint>
#include <string>

namespace dqmhub {

// `pixels`: width x height values 0xAARRGGBB, row by row from the top; alpha is ignored.
std::string encode_png(const uint32_t *pixels, uint32_t width, uint32_t height);

}  // namespace dqmhub
