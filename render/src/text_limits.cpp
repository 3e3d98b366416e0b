#include "text_limits.h"

#include <THashList.h>
#include <TNamed.h>
#include <TObjString.h>
#include <TPaveText.h>

#include <algorithm>
#include <cstring>

namespace dqmhub {
namespace {

constexpr size_t kMaxBytes = 500;  // more is illegible in the largest plot
constexpr int kMaxLabels = 500;    // on one axis

bool continues_letter(char byte) { return (byte & 0xc0) == 0x80; }  // of UTF-8

struct Cut {
  size_t at = 0;
  int depth = 0;  // of braces
};

// Returns the last place in a text, at most at `limit`, that is between two letters and, if the last half has such a place,
// outside braces.
Cut last_cut(std::string_view text, size_t limit) {
  Cut cut, outside;
  int depth = 0;
  for (size_t at = 0; at <= limit; ++at) {
    if (!continues_letter(text[at]))
      cut = {at, depth};
    if (cut.depth == 0)
      outside = cut;
    depth = std::max(0, depth + (text[at] == '{') - (text[at] == '}'));
  }
  return outside.at > limit / 2 ? outside : cut;
}

void limit_text(TNamed &named) {
  if (std::strlen(named.GetName()) > kMaxBytes)
    named.SetName(limited_text(named.GetName()).c_str());
  if (std::strlen(named.GetTitle()) > kMaxBytes)
    named.SetTitle(limited_text(named.GetTitle()).c_str());
}

void limit_labels(TAxis &axis) {
  THashList *labels = axis.GetLabels();
  if (!labels)
    return;
  const int step = 1 + (labels->GetSize() - 1) / kMaxLabels;
  TObjLink *next;
  for (TObjLink *link = labels->FirstLink(); link; link = next) {
    next = link->Next();
    const auto label = static_cast<TObjString *>(link->GetObject());
    if (label->GetUniqueID() % step != 0)
      delete labels->Remove(link);
    else if (size_t(label->GetString().Length()) > kMaxBytes)
      label->SetString(limited_text(label->GetString().Data()).c_str());
  }
}

// Objects that the file stores with a histogram, such as fitted functions and boxes of text.
void limit_stored(TList *stored) {
  for (TObject *object : *stored) {
    if (const auto named = dynamic_cast<TNamed *>(object))
      limit_text(*named);
    if (const auto box = dynamic_cast<TPaveText *>(object))
      limit_stored(box->GetListOfLines());
  }
}

}  // namespace

std::string limited_text(std::string_view text) {
  if (text.size() <= kMaxBytes)
    return std::string(text);
  const auto [at, depth] = last_cut(text, kMaxBytes);
  return std::string(text.substr(0, at)) + "..." + std::string(depth, '}');
}

std::string shortened_text(std::string_view text, size_t bytes) {
  size_t head = (bytes + 1) / 2, tail = text.size() - bytes / 2;
  while (head > 0 && continues_letter(text[head]))
    --head;
  while (tail < text.size() && continues_letter(text[tail]))
    ++tail;
  return std::string(text.substr(0, head)) + "..." + std::string(text.substr(tail));
}

void limit_texts(TH1 &histogram) {
  limit_text(histogram);
  for (const auto axis : {histogram.GetXaxis(), histogram.GetYaxis(), histogram.GetZaxis()}) {
    limit_text(*axis);
    limit_labels(*axis);
  }
  limit_stored(histogram.GetListOfFunctions());
}

}  // namespace dqmhub
