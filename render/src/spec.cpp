#include "spec.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>
#include <unordered_map>

namespace dqmhub {
namespace {

using Setter = std::function<bool(Spec &, std::string_view)>;

template <typename Number> bool parse_number(std::string_view text, Number &value) {
  const auto end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  return error == std::errc() && stop == end;
}

bool parse_limit(std::string_view text, std::optional<double> &value) {
  double parsed;
  if (!parse_number(text, parsed) || !std::isfinite(parsed))
    return false;
  value = parsed;
  return true;
}

// A picture is drawn at least so large that ROOT can place its parts; 0 asks for none.
bool parse_side(std::string_view text, int &value) {
  if (!parse_number(text, value) || value < 0)
    return false;
  value = value == 0 ? 0 : std::max(value, kMinSide);
  return true;
}

bool is_plain(char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == ' '; }

// Decodes a free string: letters, digits and blanks are literal, other characters are %XX of their UTF-8 bytes.
bool parse_text(std::string_view text, std::string &value) {
  value.clear();
  for (size_t i = 0; i < text.size(); ++i) {
    if (is_plain(text[i])) {
      value += text[i];
      continue;
    }
    unsigned byte = 0;
    const auto digits = text.substr(i + 1, 2);
    const auto end = digits.data() + digits.size();
    if (text[i] != '%' || digits.size() != 2 || std::from_chars(digits.data(), end, byte, 16).ptr != end || byte == 0)
      return false;
    value += char(byte);
    i += 2;
  }
  return true;
}

bool parse_draw_options(std::string_view text, std::string &value) { return parse_text(text, value) && is_safe_draw_options(value); }

bool parse_axis_type(std::string_view text, std::string &value) {
  value = text;
  return text == "def" || text == "lin" || text == "log";
}

template <typename Value>
bool parse_choice(std::string_view text, std::initializer_list<std::pair<std::string_view, Value>> choices, Value &value) {
  for (const auto &[name, choice] : choices) {
    if (name == text) {
      value = choice;
      return true;
    }
  }
  return false;
}

bool parse_reference(std::string_view text, Reference &value) {
  return parse_choice(text,
                      {{"object", Reference::object},
                       {"overlay", Reference::overlay},
                       {"ratiooverlay", Reference::ratio},
                       {"stacked", Reference::stacked},
                       {"difference", Reference::difference}},
                      value);
}

bool parse_format(std::string_view text, Format &value) {
  return parse_choice(
      text, {{"png", Format::png}, {"svg", Format::svg}, {"pdf", Format::pdf}, {"root", Format::root}, {"json", Format::json}}, value);
}

bool parse_flag(std::string_view text, bool &value) {
  int parsed;
  if (!parse_number(text, parsed))
    return false;
  value = parsed != 0;
  return true;
}

std::unordered_map<std::string, Setter> make_setters() {
  std::unordered_map<std::string, Setter> setters = {
      {"w", [](Spec &s, auto v) { return parse_side(v, s.width); }},
      {"h", [](Spec &s, auto v) { return parse_side(v, s.height); }},
      {"ref", [](Spec &s, auto v) { return parse_reference(v, s.reference); }},
      {"showstats", [](Spec &s, auto v) { return parse_number(v, s.stats); }},
      {"showerrbars", [](Spec &s, auto v) { return parse_flag(v, s.errors); }},
      {"ktest", [](Spec &s, auto v) { return parse_number(v, s.ktest); }},
      {"drawopts", [](Spec &s, auto v) { return parse_draw_options(v, s.options); }},
      {"norm", [](Spec &s, auto v) { return parse_text(v, s.norm); }},
      {"json", [](Spec &s, auto v) { return parse_text(v, s.json); }},
      {"after", [](Spec &s, auto v) { return parse_number(v, s.after.emplace()); }},
      {"format", [](Spec &s, auto v) { return parse_format(v, s.format); }},
  };
  const std::pair<const char *, AxisSpec Spec::*> axes[] = {{"x", &Spec::x}, {"y", &Spec::y}, {"z", &Spec::z}};
  for (const auto &[letter, axis] : axes) {
    const std::string name(letter);
    setters[name + "type"] = [axis = axis](Spec &s, auto v) { return parse_axis_type(v, (s.*axis).type); };
    setters[name + "min"] = [axis = axis](Spec &s, auto v) { return parse_limit(v, (s.*axis).min); };
    setters[name + "max"] = [axis = axis](Spec &s, auto v) { return parse_limit(v, (s.*axis).max); };
  }
  for (size_t n = 0; n < std::tuple_size<decltype(Spec::labels)>::value; ++n)
    setters["reflabel" + std::to_string(n)] = [n](Spec &s, auto v) { return parse_text(v, s.labels[n]); };
  return setters;
}

}  // namespace

bool is_safe_draw_options(std::string_view options) {
  const auto harmless = [](char c) { return is_plain(c) || std::string_view(",*+-.:_[]").find(c) != std::string_view::npos; };
  return std::all_of(options.begin(), options.end(), harmless);
}

std::optional<Spec> parse_spec(std::string_view text) {
  static const auto setters = make_setters();
  if (text.empty() || text.back() == ';')
    return {};
  Spec spec;
  for (size_t at = 0; at < text.size();) {
    const auto pair = text.substr(at, text.find(';', at) - at);
    at += pair.size() + 1;
    if (pair.empty())
      continue;
    const auto equals = pair.find('=');
    const auto setter = setters.find(std::string(pair.substr(0, equals)));
    if (equals == pair.npos || setter == setters.end() || !setter->second(spec, pair.substr(equals + 1)))
      return {};
  }
  if (spec.width < 0 || spec.height < 0)
    return {};
  if (spec.json == "True")
    spec.format = Format::json;
  return spec;
}

}  // namespace dqmhub
