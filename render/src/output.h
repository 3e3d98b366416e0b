// Output formats other than PNG: vector graphics, and the objects themselves.
#pragma once
#include <TCanvas.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace dqmhub {

using ObjectList = std::vector<std::unique_ptr<TObject>>;  // the main object, then its references; null if missing

// Returns the canvas as SVG with the title `name`. It is well-formed for any title text, and has no links or scripts.
std::string to_svg(TCanvas &canvas, std::string_view name);

// Returns the canvas as a PDF of one page, with one point per pixel.
std::string to_pdf(TCanvas &canvas);

// Returns a ROOT file with the main object under the last part of `name` and the references as `..._reference1` and so on;
// "" if there is no object.
std::string to_root_file(const ObjectList &objects, std::string_view name);

// Returns the object as JSON of ROOT's TBufferJSON, with null for NaN and infinity; several objects as {"objects": [...]}.
std::string to_json(const ObjectList &objects);

}  // namespace dqmhub
