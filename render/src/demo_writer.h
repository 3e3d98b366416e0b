#pragma once

#include <TDirectory.h>
#include <TFile.h>
#include <TObjString.h>

#include <cstdio>
#include <map>
#include <string>

namespace dqmhub::demo {

template <class... Values> inline std::string text(const char *format, Values... values) {
  char buffer[512];
  std::snprintf(buffer, sizeof buffer, format, values...);
  return buffer;
}

// Writer of monitor elements to a DQM file, in the order of the calls.
class Writer {
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

}  // namespace dqmhub::demo
