// The specification string of a picture: `key=value` pairs between semicolons, read strictly.
#pragma once
#include <array>
#include <optional>
#include <string>
#include <string_view>

namespace dqmhub {

constexpr int kLargestSide = 4096;  // pixels

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
  std::string norm;     // only "False" means something: overlays as they are
  std::string json;     // only "True" means something: Format::json
  Format format = Format::png;
  std::array<std::string, 10> labels;
};

// Whether ROOT's draw options hold nothing that could end a string in C++: ROOT makes code of some of them and runs it.
bool plain_options(std::string_view options);

// The specification in `text`, or nothing when any part of it is not understood.
std::optional<Spec> parse_spec(std::string_view text);

}  // namespace dqmhub
