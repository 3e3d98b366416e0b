#include "standard_layouts.h"

#include <TClass.h>
#include <TStreamerElement.h>
#include <TStreamerInfo.h>

#include <initializer_list>
#include <map>
#include <string>

namespace dqmhub {
namespace {

// Versions of a class that lack members of the current one, and are like it otherwise.
struct OldVersions {
  std::initializer_list<const char *> names;
  int first, last;
  std::initializer_list<const char *> newer_members;
};

// Base classes come before those derived from them. Source: the ClassDef and members in the headers of ROOT 5.18 to 6.38.
const std::initializer_list<OldVersions> kOldVersions = {
    {{"TAttLine", "TAttFill"}, 1, 1, {}},
    {{"TAttMarker"}, 2, 2, {}},
    {{"TAxis"}, 9, 9, {"fModLabs"}},
    {{"TH1"}, 6, 6, {"fBinStatErrOpt", "fStatOverflows"}},
    {{"TH1"}, 7, 7, {"fStatOverflows"}},
    {{"TH1C", "TH1S", "TH1I", "TH1F", "TH1D"}, 1, 2, {}},
    {{"TH2"}, 3, 4, {}},
    {{"TH2C", "TH2S", "TH2I", "TH2F", "TH2D"}, 3, 3, {}},
    {{"TH3"}, 5, 5, {}},
    {{"TH3C", "TH3S", "TH3I", "TH3F", "TH3D"}, 3, 3, {}},
    {{"TProfile"}, 5, 5, {"fBinSumw2"}},
    {{"TProfile"}, 6, 6, {}},
    {{"TProfile2D"}, 6, 6, {"fBinSumw2"}},
    {{"TProfile2D"}, 7, 7, {}},
};

std::unique_ptr<TStreamerInfo> old_info(const char *name, int version, const OldVersions &old) {
  TClass *current = TClass::GetClass(name);
  std::unique_ptr<TStreamerInfo> info(static_cast<TStreamerInfo *>(current->GetStreamerInfo()->Clone()));
  info->SetClassVersion(version);
  for (const char *member : old.newer_members)
    delete info->GetElements()->Remove(info->GetElements()->FindObject(member));
  info->GetElements()->Compress();
  return info;
}

}  // namespace

std::unique_ptr<TList> standard_layouts() {
  auto list = std::make_unique<TList>();
  for (const auto &old : kOldVersions)
    for (const char *name : old.names)
      for (int version = old.first; version <= old.last && version < TClass::GetClass(name)->GetClassVersion(); ++version)
        list->Add(old_info(name, version, old).release());
  return list;
}

}  // namespace dqmhub
