#include <TBufferFile.h>
#include <TF1.h>
#include <TH1.h>
#include <TH2.h>
#include <TH2Poly.h>
#include <TH3.h>
#include <TList.h>
#include <TObjString.h>
#include <TProfile.h>
#include <TProfile2D.h>

#include <malloc.h>

#include <initializer_list>
#include <memory>
#include <vector>

#include "blacklist.h"
#include "render.h"

namespace dqmhub {
namespace {

constexpr uint32_t kAnyHistogram = 0x10;

std::vector<std::unique_ptr<TObject>> one_of_each() {
  std::vector<std::unique_ptr<TObject>> all;
  all.emplace_back(new TObjString("words"));
  all.emplace_back(new TH1F("a", "a;x;y", 4, 1, 2));
  all.emplace_back(new TH1S("b", "b;x;y", 4, 1, 2));
  all.emplace_back(new TH1I("c", "c;x;y", 4, 1, 2));
  all.emplace_back(new TH1D("d", "d;x;y", 4, 1, 2));
  all.emplace_back(new TH2F("e", "e;x;y", 4, 1, 2, 4, 1, 2));
  all.emplace_back(new TH2S("f", "f;x;y", 4, 1, 2, 4, 1, 2));
  all.emplace_back(new TH2I("g", "g;x;y", 4, 1, 2, 4, 1, 2));
  all.emplace_back(new TH2D("h", "h;x;y", 4, 1, 2, 4, 1, 2));
  all.emplace_back(new TH3F("i", "i;x;y", 2, 1, 2, 2, 1, 2, 2, 1, 2));
  all.emplace_back(new TProfile("j", "j;x;y", 4, 1, 2));
  all.emplace_back(new TProfile2D("k", "k;x;y", 4, 1, 2, 4, 1, 2));
  const auto polygons = new TH2Poly("l", "l;x;y", 1, 2, 1, 2);
  polygons->AddBin(1, 1, 2, 2);
  all.emplace_back(polygons);
  for (const auto &object : all)
    if (const auto histogram = dynamic_cast<TH1 *>(object.get()))
      for (int bin = 1; bin < histogram->GetNcells(); ++bin)
        histogram->SetBinContent(bin, bin);
  // The first fit that a process reads has ROOT complain of a dictionary, which would be taken for a damaged histogram.
  dynamic_cast<TH1 &>(*all[1]).GetListOfFunctions()->Add(new TF1("fit", "gaus", 1, 2));
  return all;
}

void draw(Request request, std::initializer_list<const char *> specs) {
  Blacklist nothing("");
  for (const char *spec : specs) {
    request.spec = spec;
    render(request, nothing);
  }
}

// Buffers of a picture's size stay with the process from plot to plot: to take them from the kernel and give them back
// each time is a tenth of the cost of a large map.
void keep_freed_memory() {
  constexpr int largest_kept = 8 << 20, most_kept = 16 << 20;  // bytes
  mallopt(M_MMAP_THRESHOLD, largest_kept);
  mallopt(M_TRIM_THRESHOLD, most_kept);
}

}  // namespace

void warm_up_child() {
  TBufferFile buffer(TBuffer::kWrite);
  const TH1F histogram("a", "a;x;y", 4, 1, 2);
  buffer.WriteObject(&histogram);
  Request request;
  request.flags = kAnyHistogram;
  request.encoded = {{{buffer.Buffer(), size_t(buffer.Length())}, 0}};
  request.spec = "w=266;h=200";
  Blacklist nothing("");
  render(request, nothing);
}

void warm_up() {
  const auto alone = {"w=266;h=200", "w=266;h=200;xtype=log;ytype=log", "w=8;h=8;json=True"};
  keep_freed_memory();
  Request request;
  request.text = "words";
  draw(request, alone);
  request.flags = kAnyHistogram;
  for (const auto &object : one_of_each()) {
    TBufferFile buffer(TBuffer::kWrite);
    buffer.WriteObject(object.get());
    request.encoded = {{{buffer.Buffer(), size_t(buffer.Length())}, 0}};
    draw(request, alone);
    if (const auto histogram = dynamic_cast<TH1 *>(object.get()); histogram && histogram->GetDimension() == 1) {
      request.encoded.push_back(request.encoded[0]);
      draw(request, {"w=266;h=200", "w=266;h=200;ref=ratiooverlay", "w=266;h=200;ref=stacked"});
    }
  }
}

}  // namespace dqmhub
