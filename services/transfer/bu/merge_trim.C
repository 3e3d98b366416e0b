// Removes from copies of inputs the objects that do not fit to those of other inputs, with all marks about them. A ROOT macro:
//
//   root -l -b -q -n 'merge_trim.C()'
//
// `suspects.txt`, which merge_check.C made, has the objects: a line with the number of the input and the quoted path for each. The copies
// are `trim-0.root`, `trim-1.root`, ...; the answer is that of merge_check.C.

#include <algorithm>
#include <fstream>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "TDirectoryFile.h"
#include "TError.h"
#include "TFile.h"
#include "TH1.h"
#include "TKey.h"
#include "TSystem.h"
#include "merge_folders.h"

namespace merging {

/// Whether a mark is about one of these objects: `<name>e=1`, or as a quality test `<name.test>qr=...`.
bool is_about(const std::string &mark, const std::vector<std::string> &names) {
  for (const auto &name : names)
    if (mark.rfind('<' + name + '>', 0) == 0 || (mark.rfind('<' + name + '.', 0) == 0 && mark.find(">qr=") != std::string::npos))
      return true;
  return false;
}

/// Remove objects, with all their cycles, from a folder and those in it; returns the number of the names that were removed.
size_t trim(TDirectory *folder, const std::string &place, const std::set<std::string> &objects) {
  std::vector<std::string> names;
  for (const TKey *key : keys_of(folder))
    if (!is_mark(key) && objects.count(quoted(place + key->GetName())))
      names.emplace_back(key->GetName());
  std::vector<TKey *> wrong;
  for (TObject *one : *folder->GetListOfKeys()) {
    auto *key = static_cast<TKey *>(one);
    const bool is_wrong = is_mark(key) ? is_about(key->GetName(), names) : std::count(names.begin(), names.end(), key->GetName()) > 0;
    if (is_wrong)
      wrong.push_back(key);
  }
  remove_keys(folder, wrong);
  size_t removed = names.size();
  for (TKey *key : keys_of(folder))
    if (is_folder(key)) {
      std::unique_ptr<TObject> inner(key->ReadObj());
      if (inner)
        removed += trim(static_cast<TDirectory *>(inner.get()), place + key->GetName() + "/", objects);
    }
  return removed;
}

std::map<int, std::set<std::string>> read_suspects() {
  std::map<int, std::set<std::string>> found;
  std::ifstream lines("suspects.txt");
  int input;
  std::string object;
  while (lines >> input && lines.get() == ' ' && std::getline(lines, object))
    found[input].insert(object);
  return found;
}

void run() {
  for (const auto &[input, objects] : read_suspects()) {
    const std::string name = "trim-" + std::to_string(input) + ".root";
    say("{\"begins\":" + std::to_string(input) + "}");
    std::unique_ptr<TFile> file(gSystem->AccessPathName(name.c_str()) ? nullptr : TFile::Open(name.c_str(), "UPDATE"));
    const bool is_open = file && !file->IsZombie();
    const bool is_whole = is_open && trim(file.get(), "", objects) == objects.size();
    if (is_open)
      file->Close();
    say_input(input, is_whole && first_error.empty() ? "" : "objects cannot be removed from its copy");
  }
}

}  // namespace merging

void merge_trim() {
  using namespace merging;
  TH1::AddDirectory(false);
  SetErrorHandler(keep_error);
  answer.open("answer.txt");
  run();
  say("{\"end\":true}");
  answer.close();
  gSystem->Exit(0);
}
