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

std::vector<std::unique_ptr<TObject>> make_samples() {
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
  // ROOT reports a missing dictionary for the first fit that a process reads; without this, the first histogram with a fit
  // would be reported as damaged.
  dynamic_cast<TH1 &>(*all[1]).GetListOfFunctions()->Add(new TF1("fit", "gaus", 1, 2));
  return all;
}

void draw_each(Request request, std::initializer_list<const char *> specs) {
  Blacklist blacklist("");
  for (const char *spec : specs) {
    request.spec = spec;
    render(request, blacklist);
  }
}

// Keeps freed buffers of image size in the process: returning them to the kernel and requesting them again for each plot
// costs a tenth of the time of a large map.
void retain_freed_memory() {
  constexpr int max_block = 8 << 20, max_retained = 16 << 20;  // bytes
  mallopt(M_MMAP_THRESHOLD, max_block);
  mallopt(M_TRIM_THRESHOLD, max_retained);
}

}  // namespace

void warm_up_child() {
  TBufferFile buffer(TBuffer::kWrite);
  const TH1F histogram("a", "a;x;y", 4, 1, 2);
  buffer.WriteObject(&histogram);
  Request request;
  request.flags = kAnyHistogram;
  request.objects = {{{buffer.Buffer(), size_t(buffer.Length())}, 0}};
  request.spec = "w=266;h=200";
  Blacklist blacklist("");
  render(request, blacklist);
}

void warm_up() {
  const auto specs = {"w=266;h=200", "w=266;h=200;xtype=log;ytype=log", "w=8;h=8;json=True"};
  retain_freed_memory();
  Request request;
  request.text = "words";
  draw_each(request, specs);
  request.flags = kAnyHistogram;
  for (const auto &object : make_samples()) {
    TBufferFile buffer(TBuffer::kWrite);
    buffer.WriteObject(object.get());
    request.objects = {{{buffer.Buffer(), size_t(buffer.Length())}, 0}};
    draw_each(request, specs);
    if (const auto histogram = dynamic_cast<TH1 *>(object.get()); histogram && histogram->GetDimension() == 1) {
      request.objects.push_back(request.objects[0]);
      draw_each(request, {"w=266;h=200", "w=266;h=200;ref=ratiooverlay", "w=266;h=200;ref=stacked"});
    }
  }
}

}  // namespace dqmhub
