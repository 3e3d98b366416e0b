#include "decode.h"

#include <TArray.h>
#include <TBufferFile.h>
#include <TClass.h>
#include <TFile.h>
#include <TH1.h>
#include <TList.h>
#include <TObjString.h>
#include <TStreamerInfo.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <set>
#include <string>
#include <vector>

#include "polygons.h"

namespace dqmhub {
namespace {

constexpr size_t kFrameBytes = 8;  // bytes before the name of the class

std::vector<std::string> streamer_roots;  // each ends with a slash

uint32_t big_endian(const char *bytes) {
  uint32_t value;
  std::memcpy(&value, bytes, sizeof value);
  return __builtin_bswap32(value);
}

// Returns whether the frame is complete: a byte count within the buffer, the new-class tag and the class name. ROOT does
// not check these and would read beyond the end of a truncated object.
bool has_valid_frame(std::string_view bytes) {
  constexpr uint32_t counted = 0x40000000, new_class = 0xffffffff;
  constexpr size_t longest_name = 80;
  if (bytes.size() < 9 || !(big_endian(bytes.data()) & counted) || big_endian(bytes.data() + 4) != new_class)
    return false;
  return (big_endian(bytes.data()) & ~counted) <= bytes.size() - 4 && bytes.substr(8, longest_name).find('\0') != bytes.npos;
}

// An object copied from a file stores offsets relative to the start of its record in the file. It is read at that offset
// of a larger buffer, because TBufferFile's own displacement reports an error for each null pointer.
bool is_valid_displacement(int32_t displacement) {
  constexpr int32_t largest = 1 << 26;
  return displacement > 0 && displacement < largest;
}

// Returns whether the number of bins, the edges and the displayed range of an axis agree.
bool is_consistent(const TAxis &axis) {
  const int bins = axis.GetNbins(), edges = axis.GetXbins()->GetSize();
  const bool finite = std::isfinite(axis.GetXmin()) && std::isfinite(axis.GetXmax());
  return bins >= 1 && bins < INT32_MAX - 2 && (edges == 0 || edges == bins + 1) && finite && axis.GetFirst() >= 0 &&
         axis.GetLast() <= bins + 1;
}

// Returns the number of cells implied by the axes, which the painters use as an index limit; 0 if the axes are invalid.
int64_t expected_cells(const TH1 &histogram) {
  int64_t expected = 1;
  const TAxis *axes[] = {histogram.GetXaxis(), histogram.GetYaxis(), histogram.GetZaxis()};
  for (int i = 0; i < 3; ++i) {
    const bool used = i < histogram.GetDimension();
    if (!is_consistent(*axes[i]) || (!used && axes[i]->GetNbins() != 1))
      return 0;
    expected *= used ? int64_t(axes[i]->GetNbins()) + 2 : 1;
    if (expected > INT32_MAX)
      return 0;
  }
  return expected;
}

// Returns whether the arrays of a histogram have the size implied by its axes.
bool is_consistent(TH1 &histogram) {
  const int64_t expected = expected_cells(histogram);
  if (const auto polygons = dynamic_cast<TH2Poly *>(&histogram))
    return expected > 0 && has_whole_bins(*polygons);
  const auto cells = dynamic_cast<const TArray *>(&histogram);
  const int errors = histogram.GetSumw2N();
  return expected > 0 && cells && cells->GetSize() == expected && histogram.GetNcells() == expected && (errors == 0 || errors == expected);
}

// Reads the content after the frame as TKey does: in a file, an object such as TH2Poly may refer to itself by the number 1.
std::unique_ptr<TObject> read_framed_content(TBufferFile &buffer, const char *class_name) {
  TClass *object_class = TClass::GetClass(class_name);
  void *instance = object_class && object_class->InheritsFrom(TObject::Class()) ? object_class->New() : nullptr;
  std::unique_ptr<TObject> object(instance ? static_cast<TObject *>(object_class->DynamicCast(TObject::Class(), instance)) : nullptr);
  if (!object)
    return object;
  buffer.SetBufferOffset(buffer.Length() + kFrameBytes + std::strlen(class_name) + 1);
  buffer.MapObject(object.get(), object_class);
  object->Streamer(buffer);
  return object;
}

std::unique_ptr<TObject> read_object(std::string_view bytes, int32_t displacement) {
  const int32_t shift = is_valid_displacement(displacement) ? displacement : 0;
  const std::unique_ptr<char[]> copy(new char[shift + bytes.size()]);
  std::memcpy(copy.get() + shift, bytes.data(), bytes.size());
  TBufferFile buffer(TBuffer::kRead, shift + bytes.size(), copy.get(), kFALSE);
  buffer.SetBufferOffset(shift);
  buffer.InitMap();
  if (shift)
    return read_framed_content(buffer, bytes.data() + kFrameBytes);
  return std::unique_ptr<TObject>(static_cast<TObject *>(buffer.ReadObjectAny(TObject::Class())));
}

// Loads a list of TStreamerInfo that follows a NUL and the displacement.
bool read_streamer_list(std::string_view bytes) {
  int32_t displacement;
  if (bytes.size() < 1 + sizeof displacement || !has_valid_frame(bytes.substr(1 + sizeof displacement)))
    return false;
  std::memcpy(&displacement, bytes.data() + 1, sizeof displacement);
  const auto object = read_object(bytes.substr(1 + sizeof displacement), displacement);
  const auto list = dynamic_cast<TList *>(object.get());
  if (!list)
    return false;
  for (const auto item : *list)
    if (const auto info = dynamic_cast<TStreamerInfo *>(item); info && info->GetElements())
      info->BuildCheck();  // takes ownership, or marks the info for deletion by the list
  list->Clear();
  return true;
}

// Loads the StreamerInfo of a file below an allowed folder. Other files are refused, because a client could otherwise make
// the service open any file that its user may read.
bool read_streamer_file(const std::string &name) {
  const std::unique_ptr<char, decltype(&std::free)> real(realpath(name.c_str(), nullptr), std::free);
  const auto contains_file = [&real](const std::string &root) { return std::string_view(real.get()).substr(0, root.size()) == root; };
  if (!real || std::none_of(streamer_roots.begin(), streamer_roots.end(), contains_file))
    return false;
  const std::unique_ptr<TFile> opened(TFile::Open(real.get()));
  return opened && !opened->IsZombie();
}

}  // namespace

void allow_streamer_folder(const std::string &folder) {
  const std::unique_ptr<char, decltype(&std::free)> real(realpath(folder.c_str(), nullptr), std::free);
  if (real)
    streamer_roots.push_back(real.get() + std::string(real.get()[1] ? "/" : ""));
}

Decoded decode(const EncodedObject &encoded) {
  if (encoded.bytes.empty())
    return {};
  if (!has_valid_frame(encoded.bytes))
    return {nullptr, true};
  auto object = read_object(encoded.bytes, encoded.displacement);
  if (!object)
    return {nullptr, true};
  if (const auto histogram = dynamic_cast<TH1 *>(object.get())) {
    histogram->SetDirectory(nullptr);
    if (!is_consistent(*histogram))
      return {nullptr, true};
    if (histogram->GetNcells() > kMaxBins)
      return {nullptr, false, true};
    return {std::move(object), false};
  }
  if (!dynamic_cast<TObjString *>(object.get()))
    object.reset();
  return {std::move(object), false};
}

bool load_streamers(std::string_view streamers) {
  static std::set<std::string> loaded;
  if (streamers.empty())
    return true;
  const std::string key(streamers);
  if (!loaded.count(key) && (streamers[0] == '\0' ? read_streamer_list(streamers) : read_streamer_file(key)))
    loaded.insert(key);
  return loaded.count(key);
}

}  // namespace dqmhub
