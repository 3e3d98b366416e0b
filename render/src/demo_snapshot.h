#pragma once

#include <RZip.h>
#include <TBufferFile.h>

#include <map>
#include <ostream>
#include <stdexcept>
#include <string>
#include <vector>

#include "demo_writer.h"

namespace dqmhub::demo {

// Writer of snapshots of the online system: a protobuf message with an entry for each object, see docs/developers/formats.md.
class SnapshotWriter : public Writer {
 public:
  void folder(const std::string &path) override { folder_ = path + "/"; }
  void efficiency(const std::string &name) override { entry(name).flags |= 0x00200000; }
  void of_one_lumi(const std::string &name) override { entry(name).flags |= 0x00040000; }

  void save(std::ostream &file) const {
    for (const Entry &item : entries_) {
      const std::string body =
          field(1, item.path) + number(2 << 3) + number(item.size) + field(3, item.compressed) + number(4 << 3) + number(item.flags);
      file << field(1, body);
    }
  }

 private:
  struct Entry {
    std::string path;
    unsigned size;
    std::string compressed;
    unsigned flags;
  };

  void write(const TObject &object) override {
    static const std::map<std::string, unsigned> types{{"TH1F", 0x10}, {"TH1S", 0x11},     {"TH1D", 0x12},      {"TH1I", 0x13},
                                                       {"TH2F", 0x20}, {"TH2S", 0x21},     {"TH2D", 0x22},      {"TH2I", 0x23},
                                                       {"TH3F", 0x30}, {"TProfile", 0x40}, {"TProfile2D", 0x41}};
    add(object.GetName(), object, types.at(object.ClassName()));
  }

  void tag(const std::string &name, const std::string &value) override {
    add(name, tagged(name, value), value[0] == 'i' ? 1 : value[0] == 'f' ? 2 : 3);
  }

  void add(const std::string &name, const TObject &object, unsigned flags) {
    TBufferFile buffer(TBuffer::kWrite);
    buffer.WriteObject(&object);
    indices_[folder_ + name] = entries_.size();
    entries_.push_back({folder_ + name, unsigned(buffer.Length()), compressed(buffer), flags});
  }

  Entry &entry(const std::string &name) { return entries_.at(indices_.at(folder_ + name)); }

  // Compresses with ROOT's zlib and removes the block header used in ROOT files.
  static std::string compressed(TBufferFile &buffer) {
    const int header = 9, room = buffer.Length() + 1024;
    std::string block(room, '\0');
    int from = buffer.Length(), to = room, length = 0;
    R__zipMultipleAlgorithm(1, &from, buffer.Buffer(), &to, block.data(), &length, ROOT::RCompressionSetting::EAlgorithm::kZLIB);
    if (length <= header)
      throw std::runtime_error("Cannot compress an object");
    return block.substr(header, length - header);
  }

  static std::string field(unsigned id, const std::string &bytes) { return number(id << 3 | 2) + number(bytes.size()) + bytes; }

  static std::string number(unsigned long value) {
    std::string bytes;
    for (; value > 0x7f; value >>= 7)
      bytes += char(value | 0x80);
    return bytes + char(value);
  }

  std::string folder_;
  std::vector<Entry> entries_;
  std::map<std::string, size_t> indices_;
};

}  // namespace dqmhub::demo
