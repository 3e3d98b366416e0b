// The answer of merge_check.C, and the folders of its inputs.

#pragma once

#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "TClass.h"
#include "TDirectoryFile.h"
#include "TError.h"
#include "TH1.h"
#include "TH2Poly.h"
#include "TKey.h"

namespace merging {

std::ofstream answer, suspects;
std::string first_error;

void keep_error(int level, Bool_t, const char *where, const char *message) {
  if (level >= kError && first_error.empty())
    first_error = std::string(where) + ": " + message;
  DefaultErrorHandler(level, false, where, message);
}

std::string quoted(const std::string &text) {
  std::string made = "\"";
  for (unsigned char c : text) {
    if (c == '"' || c == '\\')
      made += '\\';
    made += c < ' ' ? ' ' : static_cast<char>(c);
  }
  return made + '"';
}

void say(const std::string &line) { answer << line << std::endl; }  // flushed: ROOT may crash at the next object

/// Say what is wrong with an input by itself; "" if nothing is.
void say_input(int input, const std::string &problem) {
  say("{\"input\":" + std::to_string(input) + ",\"problem\":" + quoted(problem) + "}");
}

/// Say that an object of an input does not fit to those of others; merge_trim.C can remove it.
void say_suspect(int input, const std::string &object, const std::string &reason) {
  say("{\"suspect\":" + std::to_string(input) + ",\"reason\":" + quoted(object + ' ' + reason) + "}");
  suspects << input << ' ' << quoted(object) << std::endl;
}

using Part = std::pair<int, TKey *>;  // input, and its key of an object
using Opened = std::pair<int, TDirectory *>;

/// What the inputs have in one folder. A mark is a scalar, quality test or efficiency mark, kept as the name of a TObjString.
struct Folder {
  std::map<std::string, std::vector<Part>> folders, objects;
  std::map<std::string, std::string> marks;  // the newest of each
};

bool is_folder(const TKey *key) {
  const TClass *type = TClass::GetClass(key->GetClassName());
  return type && type->InheritsFrom("TDirectory");
}

bool is_histogram(const std::string &name) {
  const TClass *type = TClass::GetClass(name.c_str());
  return type && type->InheritsFrom(TH1::Class()) && !type->InheritsFrom(TH2Poly::Class());
}

std::unique_ptr<TH1> read_histogram(TKey *key) {
  std::unique_ptr<TH1> histogram(static_cast<TH1 *>(key->ReadObj()));
  if (histogram && histogram->GetBuffer())
    histogram->BufferEmpty(1);  // fills the bins
  return histogram;
}

bool is_mark(const TKey *key) { return std::string(key->GetClassName()) == "TObjString"; }

/// What a mark is about: `<name>i=1</name>` and `<name>f=2</name>` are the same scalar with other values.
std::string subject(const std::string &mark) {
  const auto end = mark.find('>');
  const auto equal = mark.find('=', end);
  if (mark.empty() || mark[0] != '<' || end == std::string::npos || equal == std::string::npos)
    return mark;
  const std::string kind = mark.substr(end + 1, equal - end - 1);
  return mark.substr(0, end + 1) + (kind == "i" || kind == "f" || kind == "s" ? "" : kind);
}

/// The keys of a folder; of the cycles of an object the newest alone, as hadd takes it.
std::vector<TKey *> keys_of(TDirectory *folder) {
  std::vector<TKey *> found;
  std::map<std::string, bool> seen;
  for (TObject *key : *folder->GetListOfKeys())
    if (!std::exchange(seen[key->GetName()], true))
      found.push_back(static_cast<TKey *>(key));
  return found;
}

/// Remove keys from a folder that can be written. Not by TDirectory::Delete: it takes names for patterns.
void remove_keys(TDirectory *folder, const std::vector<TKey *> &keys) {
  for (TKey *key : keys) {
    key->Delete();
    folder->GetListOfKeys()->Remove(key);
    delete key;
  }
  if (!keys.empty())
    static_cast<TDirectoryFile *>(folder)->SaveSelf(kTRUE);
}

Folder read_folder(const std::vector<Opened> &inputs) {
  Folder read;
  for (const auto &[input, folder] : inputs)
    for (TKey *key : keys_of(folder)) {
      if (is_mark(key))
        read.marks[subject(key->GetName())] = key->GetName();
      else
        (is_folder(key) ? read.folders : read.objects)[key->GetName()].emplace_back(input, key);
    }
  return read;
}

std::vector<Opened> open_folders(const std::vector<Part> &parts) {
  std::vector<Opened> opened;
  for (const auto &[input, key] : parts)
    if (auto *folder = dynamic_cast<TDirectory *>(key->ReadObj()))
      opened.emplace_back(input, folder);
    else
      say_input(input, std::string(key->GetName()) + " cannot be read");
  return opened;
}

void close_folders(const std::vector<Opened> &opened) {
  for (const auto &one : opened)
    delete one.second;
}

}  // namespace merging
