#include "framed_object.h"

#include <TBaseClass.h>
#include <TBufferFile.h>
#include <TClass.h>
#include <TH1.h>
#include <TList.h>

#include <algorithm>
#include <cstring>
#include <string>

namespace dqmhub {
namespace {

constexpr size_t kFrameBytes = 8;  // bytes before the name of the class
constexpr uint32_t kCounted = 0x40000000;

uint32_t big_endian(const char *bytes) {
  uint32_t value;
  std::memcpy(&value, bytes, sizeof value);
  return __builtin_bswap32(value);
}

// An object copied from a file stores offsets relative to the start of its record in the file. It is read at that offset
// of a larger buffer, because TBufferFile's own displacement reports an error for each null pointer.
bool is_valid_displacement(int32_t displacement) {
  constexpr int32_t largest = 1 << 26;
  return displacement > 0 && displacement < largest;
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

// The version of a class at the start of its content, after a byte count that very old objects do not have.
struct StoredVersion {
  bool counted;
  int number;
  size_t bytes;  // length of both
};

StoredVersion stored_version(std::string_view content) {
  const auto number_at = [&](size_t at) {
    return at + 2 > content.size() ? -1 : (unsigned char)content[at] << 8 | (unsigned char)content[at + 1];
  };
  const bool counted = content.size() >= 4 && big_endian(content.data()) & kCounted;
  return counted ? StoredVersion{true, number_at(4), 6} : StoredVersion{false, number_at(0), 2};
}

// Returns the version of a class as text, for messages; empty for a number that is no version, in a damaged object.
std::string undescribed_version(const TClass &part, int number) {
  constexpr int newer_versions = 10;  // that a newer ROOT may write
  const bool plausible = number > 0 && number <= part.GetClassVersion() + newer_versions;
  return plausible ? "version " + std::to_string(number) + " of the class " + part.GetName() : "";
}

TClass *first_base(TClass &derived) { return static_cast<TBaseClass *>(derived.GetListOfBases()->First())->GetClassPointer(); }

}  // namespace

std::string_view first_framed_object(std::string_view bytes) {
  constexpr uint32_t new_class = 0xffffffff;
  constexpr size_t longest_name = 80;
  if (bytes.size() < 9 || !(big_endian(bytes.data()) & kCounted) || big_endian(bytes.data() + 4) != new_class)
    return {};
  const size_t size = 4 + size_t(big_endian(bytes.data()) & ~kCounted);
  const bool named = bytes.substr(kFrameBytes, longest_name).find('\0') != bytes.npos;
  return named && size > kFrameBytes && size <= bytes.size() ? bytes.substr(0, size) : std::string_view();
}

Layout check_layout(std::string_view bytes, const ClassVersions &described) {
  const char *name = bytes.data() + kFrameBytes;
  TClass *object_class = TClass::GetClass(name);
  if (!object_class || !object_class->InheritsFrom(TH1::Class()))
    return {true, ""};
  auto content = bytes.substr(kFrameBytes + std::strlen(name) + 1);
  for (TClass *part = object_class; part->InheritsFrom(TH1::Class()); part = first_base(*part)) {
    const auto version = stored_version(content);
    const bool own = version.counted && version.number == part->GetClassVersion();
    if (!own && !described.count({part->GetName(), version.number}))
      return {false, undescribed_version(*part, version.number)};
    content.remove_prefix(std::min(version.bytes, content.size()));
  }
  return {true, ""};
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

}  // namespace dqmhub
