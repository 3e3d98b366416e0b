#pragma once

#include <TDirectory.h>
#include <TFile.h>
#include <TObjString.h>

#include <cstdio>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace dqmhub::demo {

template <class... Values> inline std::string text(const char *format, Values... values) {
  char buffer[512];
  std::snprintf(buffer, sizeof buffer, format, values...);
  return buffer;
}

// Writer of monitor elements to a DQM file, in the order of the calls.
class Writer {
  friend class SplitWriter;

 public:
  virtual ~Writer() = default;

  // Selects the folder of the following monitor elements: <Subsystem>/<folder>/...
  virtual void folder(const std::string &path) = 0;

  void put(const TObject &object) {
    write(object);
    ++me_count_;
  }

  void integer(const std::string &name, long value) { scalar(name, text("i=%ld", value)); }
  void real(const std::string &name, double value) { scalar(name, text("f=%.16g", value)); }
  void string(const std::string &name, const std::string &value) { scalar(name, "s=" + value); }

  virtual void efficiency(const std::string &name) { tag(name, "e=1"); }
  virtual void of_one_lumi(const std::string &) {}

  void test(const std::string &me, const char *name, int status, double result, const char *algorithm, const std::string &message) {
    tag(me + "." + name, text("qr=st:%d:%f:%s:", status, result, algorithm) + message);
  }

  int me_count() const { return me_count_; }

 protected:
  virtual void write(const TObject &object) = 0;
  virtual void tag(const std::string &name, const std::string &value) = 0;

  static TObjString tagged(const std::string &name, const std::string &value) {
    return TObjString(("<" + name + ">" + value + "</" + name + ">").c_str());
  }

 private:
  void scalar(const std::string &name, const std::string &value) {
    tag(name, value);
    ++me_count_;
  }

  int me_count_ = 0;
};

// Writer of legacy files: DQMData/Run N/<Subsystem>/Run summary/<folder>/<object>.
class LegacyWriter : public Writer {
 public:
  LegacyWriter(TFile &file, int run) : top_(file.mkdir("DQMData")->mkdir(text("Run %d", run).c_str())) {}

  void folder(const std::string &path) override {
    TDirectory *&found = folders_[path];
    if (!found) {
      auto slash = path.rfind('/');
      if (slash == std::string::npos)
        found = top_->mkdir(path.c_str())->mkdir("Run summary");
      else {
        folder(path.substr(0, slash));
        found = folders_[path.substr(0, slash)]->mkdir(path.substr(slash + 1).c_str());
      }
    }
    current_ = folders_[path];
  }

 private:
  void write(const TObject &object) override { current_->WriteTObject(&object); }

  void tag(const std::string &name, const std::string &value) override {
    TObjString object = tagged(name, value);
    current_->WriteTObject(&object);
  }

  TDirectory *top_;
  TDirectory *current_ = nullptr;
  std::map<std::string, TDirectory *> folders_;
};

// A client of the online system: its tag, and the folders that it writes.
struct Client {
  std::string tag;
  std::vector<std::string> folders;

  bool writes(const std::string &path) const {
    for (const std::string &folder : folders)
      if (path == folder || path.rfind(folder + "/", 0) == 0)
        return true;
    return false;
  }
};

// Clients of a text such as `pixel=PixelPhase1,Tracking;info=Info`.
inline std::vector<Client> parse_clients(const std::string &all) {
  auto parts = [](const std::string &text, char separator) {
    std::vector<std::string> found{""};
    for (char c : text)
      if (c == separator)
        found.emplace_back();
      else
        found.back() += c;
    return found;
  };
  std::vector<Client> clients;
  for (const std::string &one : parts(all, ';')) {
    const auto equals = one.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == one.size() || one.find('/') < equals)
      throw std::invalid_argument("Not a client and its folders, such as pixel=PixelPhase1,Tracking: " + one);
    clients.push_back({one.substr(0, equals), parts(one.substr(equals + 1), ',')});
  }
  return clients;
}

// Gives each monitor element to the writers of all clients that write its folder.
class SplitWriter : public Writer {
 public:
  void add(Client client, Writer &writer) { parts_.emplace_back(std::move(client), &writer); }

  void folder(const std::string &path) override {
    current_.clear();
    for (auto &[client, writer] : parts_)
      if (client.writes(path)) {
        writer->folder(path);
        current_.push_back(writer);
      }
  }

  void efficiency(const std::string &name) override {
    for (Writer *writer : current_)
      writer->efficiency(name);
  }

  void of_one_lumi(const std::string &name) override {
    for (Writer *writer : current_)
      writer->of_one_lumi(name);
  }

 private:
  void write(const TObject &object) override {
    for (Writer *writer : current_)
      writer->write(object);
  }

  void tag(const std::string &name, const std::string &value) override {
    for (Writer *writer : current_)
      writer->tag(name, value);
  }

  std::vector<std::pair<Client, Writer *>> parts_;
  std::vector<Writer *> current_;
};

}  // namespace dqmhub::demo
