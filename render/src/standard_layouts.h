// Layouts of older versions of ROOT's histogram classes, for objects in files that hold no StreamerInfo.
#pragma once
#include <TList.h>

#include <memory>

namespace dqmhub {

// Returns StreamerInfo for the versions that ROOT wrote from 5.18 on, without the current ones.
std::unique_ptr<TList> standard_layouts();

}  // namespace dqmhub
