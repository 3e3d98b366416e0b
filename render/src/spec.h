// Specification of a plot: `key=value` pairs separated by semicolons. Parsing is strict.
#pragma once
#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace dqmhub {

constexpr int kMinSide = 20, kMaxSide = 4096;  // pixels

struct AxisSpec {
  std::string type = "def";  // def, lin or log
  std::optional<double> min, max;
};

enum class Reference { object, overlay, ratio, stacked, difference };
enum class Format { png, svg, pdf, root, json };

struct Spec {
  int width = -1, height = -1;  // pixels
  Reference reference = Reference::overlay;
  int stats = 1111;  // as TStyle::SetOptStat
  bool errors = false;
  AxisSpec x, y, z;
  double ktest = 0;
  std::string options;  // ROOT's draw options
  std::string norm;     // "False": references are not scaled; other values have no effect
  std::string json;     // "True": Format::json; other values have no effect
  Format format = Format::png;
  std::array<std::string, 10> labels;
  std::optional<int> after;  // lumisection after which the objects were filled, written in a corner of pictures
};

// Returns whether draw options are free of quotes, brackets and other characters that could inject code: ROOT passes some
// options to its C++ interpreter.
bool is_safe_draw_options(std::string_view options);

// Parses a specification. Returns nothing if any part of it is invalid.
std::optional<Spec> parse_spec(std::string_view text);

}  // namespace dqmhub
