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

// The file as DQM software lays it out: DQMData/Run N/<Subsystem>/Run summary/<folder>/<object>.
class Book {
public:
  Book(TFile &file, int run) : top_(file.mkdir("DQMData")->mkdir(text("Run %d", run).c_str())) {}

  void folder(const std::string &path) {
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

  void put(const TObject &object) {
    current_->WriteTObject(&object);
    ++mes_;
  }

  void integer(const std::string &name, long value) { scalar(name, text("i=%ld", value)); }
  void real(const std::string &name, double value) { scalar(name, text("f=%.16g", value)); }
  void string(const std::string &name, const std::string &value) { scalar(name, "s=" + value); }
  void efficiency(const std::string &name) { tag(name, "e=1"); }

  void test(const std::string &me, const char *name, int status, double result, const char *algorithm, const std::string &message) {
    tag(me + "." + name, text("qr=st:%d:%f:%s:", status, result, algorithm) + message);
  }

  int mes() const { return mes_; }

private:
  void scalar(const std::string &name, const std::string &value) {
    tag(name, value);
    ++mes_;
  }

  void tag(const std::string &name, const std::string &value) {
    TObjString object(("<" + name + ">" + value + "</" + name + ">").c_str());
    current_->WriteTObject(&object);
  }

  TDirectory *top_;
  TDirectory *current_ = nullptr;
  std::map<std::string, TDirectory *> folders_;
  int mes_ = 0;
};

} // namespace dqmhub::demo
