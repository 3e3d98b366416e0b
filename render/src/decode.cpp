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

constexpr size_t kFrame = 8;  // bytes before the name of the class

std::vector<std::string> streamer_roots;  // each ends with a slash

uint32_t big_endian(const char *bytes) {
  uint32_t value;
  std::memcpy(&value, bytes, sizeof value);
  return __builtin_bswap32(value);
}

// Whether the frame is whole: a byte count that the bytes bear out, the mark of a new class, and the class's name.
// ROOT trusts all three, so an object that was cut off would be read beyond its end.
bool framed(std::string_view bytes) {
  constexpr uint32_t counted = 0x40000000, new_class = 0xffffffff;
  constexpr size_t longest_name = 80;
  if (bytes.size() < 9 || !(big_endian(bytes.data()) & counted) || big_endian(bytes.data() + 4) != new_class)
    return false;
  return (big_endian(bytes.data()) & ~counted) <= bytes.size() - 4 &&
         bytes.substr(8, longest_name).find('\0') != bytes.npos;
}

// An object that was cut out of a file refers to its own parts by their distance from where the file's record began.
// It is read at that place of a larger buffer; TBufferFile's own displacement reports an error for each null pointer.
bool believable(int32_t displacement) {
  constexpr int32_t largest = 1 << 26;
  return displacement > 0 && displacement < largest;
}

// Whether an axis can be one: bins, their edges, and the shown part within them.
bool consistent(const TAxis &axis) {
  const int bins = axis.GetNbins(), edges = axis.GetXbins()->GetSize();
  const bool finite = std::isfinite(axis.GetXmin()) && std::isfinite(axis.GetXmax());
  return bins >= 1 && bins < INT32_MAX - 2 && (edges == 0 || edges == bins + 1) && finite && axis.GetFirst() >= 0 && axis.GetLast() <= bins + 1;
}

// The cells that the axes promise, which the painters index by; 0 when the axes cannot be.
int64_t promised_cells(const TH1 &histogram) {
  int64_t promised = 1;
  const TAxis *axes[] = {histogram.GetXaxis(), histogram.GetYaxis(), histogram.GetZaxis()};
  for (int i = 0; i < 3; ++i) {
    const bool used = i < histogram.GetDimension();
    if (!consistent(*axes[i]) || (!used && axes[i]->GetNbins() != 1))
      return 0;
    promised *= used ? int64_t(axes[i]->GetNbins()) + 2 : 1;
    if (promised > INT32_MAX)
      return 0;
  }
  return promised;
}

// Whether a histogram has the cells that it says.
bool consistent(TH1 &histogram) {
  const int64_t promised = promised_cells(histogram);
  if (const auto polygons = dynamic_cast<TH2Poly *>(&histogram))
    return promised > 0 && has_whole_bins(*polygons);
  const auto cells = dynamic_cast<const TArray *>(&histogram);
  const int errors = histogram.GetSumw2N();
  return promised > 0 && cells && cells->GetSize() == promised && histogram.GetNcells() == promised && (errors == 0 || errors == promised);
}

// Reads what is behind the frame, as TKey does: in a file an object may refer to itself by the number 1, as maps of
// polygons do.
std::unique_ptr<TObject> read_content(TBufferFile &buffer, const char *class_name) {
  TClass *kind = TClass::GetClass(class_name);
  void *made = kind && kind->InheritsFrom(TObject::Class()) ? kind->New() : nullptr;
  std::unique_ptr<TObject> object(made ? static_cast<TObject *>(kind->DynamicCast(TObject::Class(), made)) : nullptr);
  if (!object)
    return object;
  buffer.SetBufferOffset(buffer.Length() + kFrame + std::strlen(class_name) + 1);
  buffer.MapObject(object.get(), kind);
  object->Streamer(buffer);
  return object;
}

std::unique_ptr<TObject> read_object(std::string_view bytes, int32_t displacement) {
  const int32_t shift = believable(displacement) ? displacement : 0;
  const std::unique_ptr<char[]> copy(new char[shift + bytes.size()]);
  std::memcpy(copy.get() + shift, bytes.data(), bytes.size());
  TBufferFile buffer(TBuffer::kRead, shift + bytes.size(), copy.get(), kFALSE);
  buffer.SetBufferOffset(shift);
  buffer.InitMap();
  if (shift)
    return read_content(buffer, bytes.data() + kFrame);
  return std::unique_ptr<TObject>(static_cast<TObject *>(buffer.ReadObjectAny(TObject::Class())));
}

// A list of TStreamerInfo behind a NUL and its displacement.
bool read_list(std::string_view bytes) {
  int32_t displacement;
  if (bytes.size() < 1 + sizeof displacement || !framed(bytes.substr(1 + sizeof displacement)))
    return false;
  std::memcpy(&displacement, bytes.data() + 1, sizeof displacement);
  const auto object = read_object(bytes.substr(1 + sizeof displacement), displacement);
  const auto list = dynamic_cast<TList *>(object.get());
  if (!list)
    return false;
  for (const auto item : *list)
    if (const auto info = dynamic_cast<TStreamerInfo *>(item); info && info->GetElements())
      info->BuildCheck();  // takes the info over, or marks it for the list to delete
  list->Clear();
  return true;
}

// Only files below the roots: else a client could have any file opened that this user may read.
bool read_file(const std::string &name) {
  const std::unique_ptr<char, decltype(&std::free)> real(realpath(name.c_str(), nullptr), std::free);
  const auto holds = [&real](const std::string &root) { return std::string_view(real.get()).substr(0, root.size()) == root; };
  if (!real || std::none_of(streamer_roots.begin(), streamer_roots.end(), holds))
    return false;
  const std::unique_ptr<TFile> opened(TFile::Open(real.get()));
  return opened && !opened->IsZombie();
}

}  // namespace

void allow_streamers(const std::string &folder) {
  const std::unique_ptr<char, decltype(&std::free)> real(realpath(folder.c_str(), nullptr), std::free);
  if (real)
    streamer_roots.push_back(real.get() + std::string(real.get()[1] ? "/" : ""));
}

Decoded decode(const Encoded &encoded) {
  if (encoded.bytes.empty())
    return {};
  if (!framed(encoded.bytes))
    return {nullptr, true};
  auto object = read_object(encoded.bytes, encoded.displacement);
  if (!object)
    return {nullptr, true};
  if (const auto histogram = dynamic_cast<TH1 *>(object.get())) {
    histogram->SetDirectory(nullptr);
    if (!consistent(*histogram))
      return {nullptr, true};
    if (histogram->GetNcells() > kMostBins)
      return {nullptr, false, true};
    return {std::move(object), false};
  }
  if (!dynamic_cast<TObjString *>(object.get()))
    object.reset();
  return {std::move(object), false};
}

bool read_streamers(std::string_view streamers) {
  static std::set<std::string> read;
  if (streamers.empty())
    return true;
  const std::string key(streamers);
  if (!read.count(key) && (streamers[0] == '\0' ? read_list(streamers) : read_file(key)))
    read.insert(key);
  return read.count(key);
}

}  // namespace dqmhub
