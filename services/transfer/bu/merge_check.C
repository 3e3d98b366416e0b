// Reads the inputs of a merge and compares them with what hadd made of them. A ROOT macro, run in a folder with the inputs
// `0.root`, `1.root`, ... (the oldest first) and the merged file:
//
//   root -l -b -q -n 'merge_check.C(2, "merged.tmp")'  is the merged file the sum of the inputs? doubles in it are resolved before
//   root -l -b -q -n 'merge_check.C(2, "")'            can all of each input be read, and have objects of one name the same class?
//
// The answer is `answer.txt`, one JSON object a line; without the line {"end":true} ROOT crashed, at the input that began last.
// Objects of inputs that do not fit to those of others are in `suspects.txt`, too, from where merge_trim.C takes them.

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "TArrayF.h"
#include "TClass.h"
#include "TDirectoryFile.h"
#include "TError.h"
#include "TFile.h"
#include "TH1.h"
#include "TKey.h"
#include "TSystem.h"
#include "merge_folders.h"
#include "merge_sums.h"

namespace merging {

// --------------------------------------------------------------------------------------------------------------- the check

class Check {
 public:
  long histograms = 0, resolved = 0, saturated = 0;
  std::vector<std::string> problems, saturated_names;

  /// Note what is wrong with the merged file.
  void problem(const std::string &text) {
    if (problems.size() < 20)
      problems.push_back(text);
  }

  /// Remove all marks of the merged file but the newest of each.
  void resolve(TDirectory *merged, const std::vector<Opened> &inputs) {
    const Folder read = read_folder(inputs);
    std::vector<TKey *> doubles;
    std::map<std::string, bool> kept;
    std::map<std::string, TKey *> folders;
    for (TObject *one : *merged->GetListOfKeys()) {
      auto *key = static_cast<TKey *>(one);
      if (is_folder(key))
        folders[key->GetName()] = key;
      if (!is_mark(key))
        continue;
      const auto newest = read.marks.find(subject(key->GetName()));
      if (newest != read.marks.end() && (newest->second != key->GetName() || std::exchange(kept[key->GetName()], true)))
        doubles.push_back(key);
    }
    remove_keys(merged, doubles);
    resolved += static_cast<long>(doubles.size());
    for (const auto &[name, parts] : read.folders)
      if (folders.count(name)) {
        const auto opened = open_folders(parts);
        std::unique_ptr<TObject> folder(folders[name]->ReadObj());
        if (folder)
          resolve(static_cast<TDirectory *>(folder.get()), opened);
        close_folders(opened);
      }
  }

  /// Compare a folder of the merged file (nullptr: there is none, the inputs are compared alone) with those of the inputs.
  void compare(TDirectory *merged, const std::vector<Opened> &inputs, const std::string &place) {
    const Folder read = read_folder(inputs);
    std::map<std::string, TKey *> found;
    std::map<std::string, std::string> marks;
    if (merged) {
      for (TObject *one : *merged->GetListOfKeys()) {
        auto *key = static_cast<TKey *>(one);
        const std::string name = is_mark(key) ? subject(key->GetName()) : key->GetName();
        const bool is_double = is_mark(key) ? !marks.emplace(name, key->GetName()).second : !found.emplace(name, key).second;
        if (is_double && (is_mark(key) || is_histogram(key->GetClassName())))
          problem(place + key->GetName() + " is there twice");
        if (!is_mark(key) && !read.folders.count(name) && !read.objects.count(name))
          problem(place + name + " is in no input");
      }
      if (marks != read.marks)
        problem(place + " has other scalars or quality tests than the inputs");
    }
    for (const auto &[name, parts] : read.folders) {
      if (read.objects.count(name)) {
        blame_classes(parts, read.objects.at(name), place + name);
        continue;
      }
      std::unique_ptr<TObject> folder;
      if (merged)
        folder.reset(found.count(name) && is_folder(found[name]) ? found[name]->ReadObj() : nullptr);
      if (merged && !folder)
        blame(parts, {}, place + name, "is no folder of the merged file");
      const auto opened = open_folders(parts);
      if (folder || !merged)
        compare(static_cast<TDirectory *>(folder.get()), opened, place + name + "/");
      close_folders(opened);
    }
    for (const auto &[name, parts] : read.objects)
      if (!read.folders.count(name))
        compare_object(merged ? (found.count(name) ? found[name] : nullptr) : nullptr, parts, place + name, merged);
  }

 private:
  /// Of objects that do not fit together those of the largest group of the same kind stay, of groups as large that of the oldest; when
  /// all are of one kind, the oldest stays.
  void blame(const std::vector<Part> &parts, const std::vector<std::string> &kinds, const std::string &object, const std::string &reason) {
    std::map<std::string, int> counts;
    for (const auto &kind : kinds)
      ++counts[kind];
    size_t best = 0;
    for (size_t one = 0; one < kinds.size(); ++one)
      if (counts[kinds[one]] > counts[kinds[best]])
        best = one;
    const bool are_alike = counts.size() < 2;
    for (size_t one = 0; one < parts.size(); ++one)
      if (are_alike ? one > 0 || parts.size() == 1 : kinds[one] != kinds[best])
        say_suspect(parts[one].first, object, reason);
    problem(object + ' ' + reason);
  }

  /// Blame the objects that have the name of a folder in other inputs, or those folders.
  void blame_classes(std::vector<Part> folders, const std::vector<Part> &objects, const std::string &object) {
    folders.insert(folders.end(), objects.begin(), objects.end());
    std::sort(folders.begin(), folders.end());
    blame(folders, classes_of(folders), object, "has another class in other files");
  }

  static std::vector<std::string> classes_of(const std::vector<Part> &parts) {
    std::vector<std::string> classes;
    for (const auto &part : parts)
      classes.emplace_back(is_folder(part.second) ? "folder" : part.second->GetClassName());
    return classes;
  }

  void compare_object(TKey *merged, const std::vector<Part> &parts, const std::string &name, bool is_merged) {
    const auto kinds = classes_of(parts);
    for (size_t one = 1; one < kinds.size(); ++one)
      if (kinds[one] != kinds[0])
        return blame(parts, kinds, name, "has another class in other files");
    if (!is_merged)
      return;
    if (!merged || kinds[0] != merged->GetClassName())
      return blame(parts, {}, name, "is not in the merged file");
    if (is_histogram(kinds[0]))
      compare_histogram(merged, parts, name);
  }

  void compare_histogram(TKey *key, const std::vector<Part> &parts, const std::string &name) {
    ++histograms;
    first_error.clear();
    std::unique_ptr<TH1> merged = read_histogram(key);
    if (!merged || !first_error.empty())
      return blame(parts, {}, name, "cannot be read in the merged file");
    std::vector<std::unique_ptr<TH1>> inputs;
    std::vector<std::string> axes;
    for (const auto &part : parts) {
      inputs.push_back(read_histogram(part.second));
      if (!inputs.back() || !first_error.empty())
        return say_input(part.first, name + " cannot be read" + (first_error.empty() ? "" : ": " + first_error));
      axes.push_back(axes_of(inputs.back().get()));
    }
    bool by_bin = true, with_flows = true;
    for (const auto &one : inputs) {
      by_bin = by_bin && axes_of(one.get()) == axes_of(merged.get());
      with_flows = with_flows && adds_flows(one.get());
    }
    std::vector<Sums> sums;
    for (const auto &one : inputs)
      sums.push_back(sums_of(one.get(), by_bin, with_flows));
    const std::string wrong = wrong_sums(merged.get(), sums_of(merged.get(), by_bin, with_flows), sums, name);
    if (!wrong.empty())
      blame(parts, axes, name, "cannot be added to that of other files: " + wrong + " are no sums");
  }

  /// What of a merged histogram is not the sum of its inputs; "" if all is.
  std::string wrong_sums(TH1 *merged, const Sums &found, const std::vector<Sums> &sums, const std::string &name) {
    const double rounding = dynamic_cast<TArrayF *>(merged) ? std::ldexp(1, -23) : 1e-13;
    const double infinite = std::numeric_limits<double>::infinity();
    long full = 0, none = 0;
    if (!are_sums(found, sums, &Sums::content, rounding, most(merged), full))
      return "contents";
    if (full) {
      ++saturated;
      if (saturated_names.size() < 20)
        saturated_names.push_back(name);
    }
    if (!are_sums(found, sums, &Sums::entries, 1e-13, infinite, none))
      return "entries";
    long with_squares = found.has_squares;
    for (const auto &one : sums)
      with_squares += one.has_squares;
    const double squares_rounding = with_squares > static_cast<long>(sums.size()) ? 1e-13 : rounding;  // else of contents
    const bool is_right = full || !with_squares || are_sums(found, sums, &Sums::squares, squares_rounding, infinite, none);
    return is_right ? "" : "squares of weights";
  }
};

// ---------------------------------------------------------------------------------------------------------------- the probe

/// Read each object of a folder; returns what is wrong.
std::string probe_folder(TDirectory *folder, const std::string &place) {
  for (TKey *key : keys_of(folder)) {
    const std::string name = place + key->GetName();
    std::unique_ptr<TObject> object(key->ReadObj());
    if (!object || !first_error.empty())
      return name + " cannot be read" + (first_error.empty() ? "" : ": " + first_error);
    if (is_folder(key)) {
      const std::string problem = probe_folder(static_cast<TDirectory *>(object.get()), name + "/");
      if (!problem.empty())
        return problem;
    }
  }
  return "";
}

/// Open an input; returns what is wrong with the whole of it.
std::string open_input(int input, std::unique_ptr<TFile> &file) {
  first_error.clear();
  file.reset(TFile::Open((std::to_string(input) + ".root").c_str()));
  if (!file || file->IsZombie())
    return "ROOT cannot open it" + (first_error.empty() ? "" : ": " + first_error);
  return file->TestBit(TFile::kRecovered) ? "it was not written to its end" : "";
}

std::string list_of(const std::vector<std::string> &texts) {
  std::string made = "[";
  for (const auto &text : texts)
    made += (made.size() > 1 ? "," : "") + quoted(text);
  return made + "]";
}

using Files = std::vector<std::unique_ptr<TFile>>;

/// Open all inputs, and read all of each if `in_full`; those that cannot be read are named and not returned.
std::vector<Opened> open_inputs(int count, bool in_full, Files &files) {
  std::vector<Opened> inputs;
  for (int input = 0; input < count; ++input) {
    say("{\"begins\":" + std::to_string(input) + "}");
    files.emplace_back();
    std::string problem = open_input(input, files.back());
    if (problem.empty() && in_full)
      problem = probe_folder(files.back().get(), "");
    say_input(input, problem);
    if (problem.empty())
      inputs.emplace_back(input, files.back().get());
  }
  return inputs;
}

void run(int count, const std::string &merged_name) {
  Files files;
  const auto inputs = open_inputs(count, merged_name.empty(), files);
  Check made;
  if (merged_name.empty()) {
    made.compare(nullptr, inputs, "");
  } else if (inputs.size() == files.size()) {
    std::unique_ptr<TFile> merged(TFile::Open(merged_name.c_str(), "UPDATE"));
    if (merged && !merged->IsZombie())
      made.resolve(merged.get(), inputs);
    merged.reset(TFile::Open(merged_name.c_str()));
    if (!merged || merged->IsZombie() || merged->TestBit(TFile::kRecovered))
      made.problem("the merged file cannot be opened");
    else
      made.compare(merged.get(), inputs, "");
  }
  say("{\"histograms\":" + std::to_string(made.histograms) + ",\"resolved\":" + std::to_string(made.resolved) +
      ",\"saturated\":" + std::to_string(made.saturated) + ",\"saturated_names\":" + list_of(made.saturated_names) +
      ",\"problems\":" + list_of(made.problems) + "}");
}

}  // namespace merging

void merge_check(int count, const char *merged) {
  using namespace merging;
  TH1::AddDirectory(false);
  SetErrorHandler(keep_error);
  answer.open("answer.txt");
  suspects.open("suspects.txt");
  run(count, merged);
  say("{\"end\":true}");
  answer.close();
  suspects.close();
  gSystem->Exit(0);
}
