#include "decode.h"

#include <TArray.h>
#include <TBufferFile.h>
#include <TFile.h>
#include <TH1.h>
#include <TObjString.h>

#include <cmath>
#include <cstring>
#include <set>
#include <string>

namespace dqmhub {
namespace {

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

// Whether a histogram has the cells that its axes promise: the painters index by the axes.
bool consistent(const TH1 &histogram) {
  const auto cells = dynamic_cast<const TArray *>(&histogram);
  int64_t promised = 1;
  const TAxis *axes[] = {histogram.GetXaxis(), histogram.GetYaxis(), histogram.GetZaxis()};
  for (int i = 0; i < 3; ++i) {
    const bool used = i < histogram.GetDimension();
    if (!consistent(*axes[i]) || (!used && axes[i]->GetNbins() != 1))
      return false;
    promised *= used ? int64_t(axes[i]->GetNbins()) + 2 : 1;
    if (promised > INT32_MAX)
      return false;
  }
  const int errors = histogram.GetSumw2N();
  return cells && cells->GetSize() == promised && histogram.GetNcells() == promised && (errors == 0 || errors == promised);
}

}  // namespace

Decoded decode(const Encoded &encoded) {
  if (encoded.bytes.empty())
    return {};
  if (!framed(encoded.bytes))
    return {nullptr, true};
  const int32_t shift = believable(encoded.displacement) ? encoded.displacement : 0;
  const std::unique_ptr<char[]> copy(new char[shift + encoded.bytes.size()]);
  std::memcpy(copy.get() + shift, encoded.bytes.data(), encoded.bytes.size());
  TBufferFile buffer(TBuffer::kRead, shift + encoded.bytes.size(), copy.get(), kFALSE);
  buffer.SetBufferOffset(shift);
  buffer.InitMap();
  std::unique_ptr<TObject> object(static_cast<TObject *>(buffer.ReadObjectAny(TObject::Class())));
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

bool read_streamers(std::string_view file) {
  static std::set<std::string> read;
  const std::string name(file);
  if (name.empty() || read.count(name))
    return true;
  const std::unique_ptr<TFile> opened(TFile::Open(name.c_str()));
  if (!opened || opened->IsZombie())
    return false;
  read.insert(name);
  return true;
}

}  // namespace dqmhub
