// Answers that are not pixels: drawings for papers and talks, and the objects themselves.
#pragma once
#include <TCanvas.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace dqmhub {

using ObjectList = std::vector<std::unique_ptr<TObject>>;  // the plot, then its references; null for a missing one

// What is drawn on `canvas` as SVG: well-formed whatever a title holds, without links or scripts. `name` is its title.
std::string svg(TCanvas &canvas, std::string_view name);

// What is drawn on `canvas` as a PDF of one page of exactly its size, a point for a pixel.
std::string pdf(TCanvas &canvas);

// The objects as a ROOT file: the plot under the last part of `name`, references as `..._reference1` and so on; "" when
// there is none.
std::string root_file(const ObjectList &objects, std::string_view name);

// The object as ROOT's TBufferJSON has it, with null for what is no number or infinite; several as {"objects": [...]}.
std::string to_json(const ObjectList &objects);

}  // namespace dqmhub
