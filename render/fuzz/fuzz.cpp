// Feeds what needs no ROOT (protocol, specifications, PNG, the claim of the directory) with mutated input for some seconds.
// Built with the address and undefined-behaviour sanitizers, which end it at the first fault.
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "../src/claim.h"
#include "../src/png.h"
#include "../src/protocol.h"
#include "../src/spec.h"

namespace {

using namespace dqmhub;

std::mt19937_64 random_bits;

size_t below(size_t limit) { return limit ? random_bits() % limit : 0; }

void require(bool condition, const char *what) {
  if (condition)
    return;
  std::fprintf(stderr, "fuzz: %s\n", what);
  std::abort();
}

const std::vector<std::string> kSpecs = {
    "w=266;h=200",
    "h=40;w=60;showstats=0;norm=False;showerrbars=1;xtype=log;ytype=lin;ztype=def",
    "w=60;h=40;xmin=1.0;xmax=1e3;ymin=-1.5;zmax=0.0;drawopts=COLZ TEXT;reflabel1=a b;reflabel9=%C3%BC",
    "w=8;h=8;json=True;ref=overlay;ktest=0.5",
};

std::string message(const std::string &spec, bool scalar, uint32_t objects) {
  std::string data = "42";
  for (uint32_t i = 0; !scalar && i < objects; ++i) {
    const uint32_t part[2] = {uint32_t(below(40)), uint32_t(below(100))};
    data = (i ? data : "") + std::string(reinterpret_cast<const char *>(part), sizeof part) + std::string(part[0], 'x');
  }
  const std::string name = "Folder/name";
  const uint32_t sizes[] = {0, 4, scalar ? 1u : 0x10u, 0, 0, objects, 0, uint32_t(name.size()), uint32_t(spec.size()), uint32_t(data.size()), 0};
  std::string whole(reinterpret_cast<const char *>(sizes), sizeof sizes);
  whole += name + spec + data;
  const uint32_t total = whole.size();
  std::memcpy(whole.data(), &total, sizeof total);
  return whole;
}

std::string mutated(std::string text) {
  static const uint32_t telling[] = {0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 44, 0x10000};
  for (size_t changes = below(4); changes > 0 && !text.empty(); --changes) {
    const size_t at = below(text.size());
    switch (below(5)) {
      case 0: text[at] = char(random_bits()); break;
      case 1: text.erase(at, below(8)); break;
      case 2: text.insert(at, std::string(below(8), char(random_bits()))); break;
      case 3: text.resize(at); break;
      default: std::memcpy(&text[at], &telling[below(std::size(telling))], std::min<size_t>(4, text.size() - at));
    }
  }
  return text;
}

// A copy of its own size on the heap, so that reading one byte too far is seen.
void take(const std::string &raw) {
  const std::vector<char> exact(raw.begin(), raw.end());
  const std::string_view view(exact.data(), exact.size());
  claimed_length(view);
  Request request;
  const Code code = parse_request(view, request);
  require(code == kOk || code == kError || code == kTooManyObjects, "a request has an unknown code");
  if (code != kOk)
    return;
  require(request.scalar() || (request.encoded.size() >= 1 && request.encoded.size() <= size_t(kMostObjects)), "the number of objects is wrong");
  size_t bytes = request.name.size() + request.spec.size() + request.streamers.size() + request.text.size();
  for (const auto &object : request.encoded)
    bytes += object.bytes.size();
  require(bytes <= raw.size(), "the parts are more than the message");
  if (const auto spec = parse_spec(request.spec))
    require(spec->width >= 0 && spec->height >= 0, "a picture of less than nothing");
}

void paint() {
  const uint32_t width = 1 + below(70), height = 1 + below(50), colours = 1 + below(400);
  std::vector<uint32_t> pixels(width * height);
  for (auto &pixel : pixels)
    pixel = uint32_t(below(colours)) * 2654435761u;
  const std::string png = encode_png(pixels.data(), width, height);
  require(png.size() > 57 && png.compare(1, 3, "PNG") == 0 && png.compare(png.size() - 8, 4, "IEND") == 0, "not a PNG");
}

void claim_somewhere(const std::string &folder) {
  const std::string path = folder + std::string(below(130), 'x');
  try {
    close(claim(folder, path));
    unlink(path.c_str());
  } catch (const std::runtime_error &) {  // too long, or claimed by the round before
  }
}

}  // namespace

int main(int argc, char **argv) {
  if (argc != 4) {
    std::fprintf(stderr, "Usage: dqmhub-fuzz SECONDS SEED FOLDER/\n");
    return 1;
  }
  random_bits.seed(std::strtoull(argv[2], nullptr, 10));
  const auto end = std::chrono::steady_clock::now() + std::chrono::duration<double>(std::atof(argv[1]));
  claim_somewhere(argv[3]);
  size_t rounds = 0;
  for (; std::chrono::steady_clock::now() < end; ++rounds) {
    const std::string &spec = kSpecs[below(kSpecs.size())];
    take(mutated(message(mutated(spec), below(3) == 0, 1 + below(12))));
    parse_spec(mutated(spec));
    if (rounds % 16 == 0)
      paint();
  }
  for (Code code : {kTooWide, kTooHigh, kTooManyObjects, kTooManyBins, kTooLong, kError})
    require(frame(refusal(code)).size() >= 8, "a frame without a head");
  std::printf("%zu rounds\n", rounds);
}
