#include <TBufferJSON.h>
#include <TMemFile.h>

#include <algorithm>
#include <cctype>

#include "output.h"

namespace dqmhub {
namespace {

// Returns whether a token is one that ROOT writes for NaN or infinity, which JSON cannot express.
bool is_non_finite(std::string_view token) {
  token.remove_prefix(token.substr(0, 1) == "-");
  return token == "nan" || token == "inf" || token == "2e308";  // the last exceeds the range of a double
}

bool is_token_char(char c) { return std::isalnum((unsigned char)c) || c == '.' || c == '-' || c == '+'; }

// Returns the end of the string that starts with the quote at `begin`.
size_t end_of_string(std::string_view json, size_t begin) {
  size_t at = begin + 1;
  while (at < json.size() && json[at] != '"')
    at += json[at] == '\\' ? 2 : 1;
  return std::min(at + 1, json.size());
}

std::string replace_non_finite_tokens(std::string_view json) {
  std::string out;
  out.reserve(json.size());
  for (size_t at = 0, end; at < json.size(); at = end) {
    end = at + 1;
    if (json[at] == '"')
      end = end_of_string(json, at);
    else if (is_token_char(json[at]))
      while (end < json.size() && is_token_char(json[end]))
        ++end;
    const auto part = json.substr(at, end - at);
    out += is_non_finite(part) ? "null" : part;
  }
  return out;
}

std::string object_json(const TObject *object) {
  return object ? replace_non_finite_tokens(TBufferJSON::ConvertToJSON(object).Data()) : "null";
}

}  // namespace

std::string to_json(const ObjectList &objects) {
  if (objects.size() < 2)
    return objects.empty() || !objects[0] ? "" : object_json(objects[0].get());
  std::string list;
  for (const auto &object : objects)
    list += (list.empty() ? "" : ",\n") + object_json(object.get());
  return "{ \"objects\": [" + list + "] }";
}

std::string to_root_file(const ObjectList &objects, std::string_view name) {
  const std::string key(name.substr(name.rfind('/') + 1));
  const TDirectory::TContext here;
  TMemFile file("plot.root?reproducible=plot.root", "RECREATE");
  for (size_t i = 0; i < objects.size(); ++i)
    if (objects[i])
      file.WriteTObject(objects[i].get(), (i ? key + "_reference" + std::to_string(i) : key).c_str());
  if (file.GetNkeys() == 0)
    return "";
  file.Write();
  std::string bytes(file.GetSize(), '\0');
  file.CopyTo(bytes.data(), bytes.size());
  // ROOT leaves uninitialised memory after the end, and between the header and the first record.
  constexpr size_t header = 63, first_record = 100;
  bytes.resize(file.GetEND());
  std::fill(bytes.begin() + header, bytes.begin() + first_record, '\0');
  return bytes;
}

}  // namespace dqmhub
