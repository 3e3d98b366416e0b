#include "streamers.h"

#include <TClass.h>
#include <TFile.h>
#include <TList.h>
#include <TStreamerElement.h>
#include <TStreamerInfo.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "framed_object.h"
#include "standard_layouts.h"

namespace dqmhub {
namespace {

std::vector<std::string> allowed_folders;  // each ends with a slash

std::map<std::string, ClassVersions, std::less<>> loaded;  // by the StreamerInfo of the request

using StreamerLists = std::vector<std::unique_ptr<TList>>;

std::string layout_of(const TStreamerInfo &info) {
  std::string layout;
  for (const auto item : *info.GetElements())
    if (const auto element = dynamic_cast<const TStreamerElement *>(item))
      layout += std::string(element->GetName()) + " " + element->GetTypeName() + " " + std::to_string(element->GetType()) + "\n";
  return layout;
}

ClassVersions described_by(const TList &list) {
  ClassVersions versions;
  for (const auto item : list)
    if (const auto info = dynamic_cast<TStreamerInfo *>(item); info && info->GetElements())
      versions[{info->GetName(), info->GetClassVersion()}] = layout_of(*info);
  return versions;
}

bool contradicts(const ClassVersions &versions, const ClassVersions &others) {
  return std::any_of(versions.begin(), versions.end(), [&others](const auto &version) {
    const auto other = others.find(version.first);
    return other != others.end() && other->second != version.second;
  });
}

// Removes the older versions of ROOT's classes that requests have described.
void forget_loaded() {
  for (const auto &[key, versions] : loaded)
    for (const auto &[version, layout] : versions) {
      const auto &[name, number] = version;
      TClass *known = TClass::GetClass(name.c_str(), kFALSE, kTRUE);
      const auto infos = known && known->IsLoaded() ? known->GetStreamerInfos() : nullptr;
      if (infos && number != known->GetClassVersion() && number >= infos->LowerBound() && number <= infos->GetLast() && infos->At(number))
        known->RemoveStreamerInfo(number);
    }
  loaded.clear();
}

// Reads lists of TStreamerInfo, each of which follows a NUL and its displacement. Returns none if one is damaged. A file
// that holds no list has nothing in its place.
StreamerLists read_lists(std::string_view streamers) {
  constexpr size_t head = 1 + sizeof(int32_t);
  StreamerLists lists;
  while (!streamers.empty()) {
    const auto rest = streamers.substr(std::min(head, streamers.size()));
    if (streamers.size() >= head && streamers[0] == '\0' && (rest.empty() || rest[0] == '\0')) {
      lists.push_back(standard_layouts());
      streamers = rest;
      continue;
    }
    const auto framed = first_framed_object(rest);
    if (framed.empty() || streamers[0] != '\0')
      return {};
    int32_t displacement;
    std::memcpy(&displacement, streamers.data() + 1, sizeof displacement);
    auto object = read_object(framed, displacement);
    if (!dynamic_cast<TList *>(object.get()))
      return {};
    lists.emplace_back(static_cast<TList *>(object.release()));
    streamers.remove_prefix(head + framed.size());
  }
  return lists;
}

// Reads the StreamerInfo of a file below an allowed folder. Other files are refused, because a client could otherwise make
// the service open any file that its user may read.
StreamerLists read_file(const std::string &name) {
  const std::unique_ptr<char, decltype(&std::free)> real(realpath(name.c_str(), nullptr), std::free);
  const auto contains_file = [&real](const std::string &folder) { return std::string_view(real.get()).substr(0, folder.size()) == folder; };
  if (!real || std::none_of(allowed_folders.begin(), allowed_folders.end(), contains_file))
    return {};
  TFile::SetReadStreamerInfo(kFALSE);  // only load() decides which layout of a class version is used
  const std::unique_ptr<TFile> opened(TFile::Open(real.get()));
  StreamerLists lists;
  if (opened && !opened->IsZombie())
    lists.emplace_back(opened->GetStreamerInfoList());
  return lists.empty() || !lists[0] ? StreamerLists() : std::move(lists);
}

void load(TList &list) {
  for (const auto item : list)
    if (const auto info = dynamic_cast<TStreamerInfo *>(item); info && info->GetElements())
      info->BuildCheck();  // takes ownership, or marks the info for deletion by the list
  list.SetOwner(kFALSE);
  list.Clear();
}

}  // namespace

void allow_streamer_folder(const std::string &folder) {
  const std::unique_ptr<char, decltype(&std::free)> real(realpath(folder.c_str(), nullptr), std::free);
  if (real)
    allowed_folders.push_back(real.get() + std::string(real.get()[1] ? "/" : ""));
}

const ClassVersions *load_streamers(std::string_view streamers) {
  constexpr size_t max_loaded = 100;
  if (const auto found = loaded.find(streamers); found != loaded.end())
    return &found->second;
  const auto lists = streamers[0] == '\0' ? read_lists(streamers) : read_file(std::string(streamers));
  if (lists.empty())
    return nullptr;
  ClassVersions versions;
  for (const auto &list : lists)
    versions.merge(described_by(*list));
  const bool contradicted =
      std::any_of(loaded.begin(), loaded.end(), [&](const auto &other) { return contradicts(versions, other.second); });
  if (contradicted || loaded.size() == max_loaded)
    forget_loaded();
  for (const auto &list : lists)
    load(*list);
  return &(loaded[std::string(streamers)] = std::move(versions));
}

}  // namespace dqmhub
