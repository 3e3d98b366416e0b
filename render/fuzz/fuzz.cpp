// Feeds the code that does not depend on ROOT (protocol, specifications, PNG, listener) with mutated input.
// It is built with the address and undefined-behaviour sanitizers, which abort at the first fault.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "../src/listener.h"
#include "../src/png.h"
#include "../src/protocol.h"
#include "../src/spec.h"

namespace {

using namespace dqmhub;

std::mt19937_64 random_bits;

size_t random_below(size_t limit) { return limit ? random_bits() % limit : 0; }

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

std::string make_message(const std::string &spec, bool scalar, uint32_t objects, bool earlier) {
  std::string data = "42";
  for (uint32_t i = 0; !scalar && i < objects * (earlier ? 2 : 1); ++i) {
    const uint32_t part[2] = {uint32_t(random_below(40)), uint32_t(random_below(100))};
    data = (i ? data : "") + std::string(reinterpret_cast<const char *>(part), sizeof part) + std::string(part[0], 'x');
  }
  const std::string name = "Folder/name";
  const uint32_t kind = earlier ? kWithEarlier : 4, type = scalar ? 1 : 0x10;
  const uint32_t sizes[] = {0, kind, type, 0, 0, objects, 0, uint32_t(name.size()), uint32_t(spec.size()), uint32_t(data.size()), 0};
  std::string whole(reinterpret_cast<const char *>(sizes), sizeof sizes);
  whole += name + spec + data;
  const uint32_t total = whole.size();
  std::memcpy(whole.data(), &total, sizeof total);
  return whole;
}

std::string mutate(std::string text) {
  static const uint32_t edge_values[] = {0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 44, 0x10000};
  for (size_t changes = random_below(4); changes > 0 && !text.empty(); --changes) {
    const size_t at = random_below(text.size());
    switch (random_below(5)) {
      case 0: text[at] = char(random_bits()); break;
      case 1: text.erase(at, random_below(8)); break;
      case 2: text.insert(at, std::string(random_below(8), char(random_bits()))); break;
      case 3: text.resize(at); break;
      default: std::memcpy(&text[at], &edge_values[random_below(std::size(edge_values))], std::min<size_t>(4, text.size() - at));
    }
  }
  return text;
}

// Parses a copy of exact size on the heap, so that the sanitizer detects reads beyond its end.
void check_message(const std::string &raw) {
  const std::vector<char> exact(raw.begin(), raw.end());
  const std::string_view view(exact.data(), exact.size());
  message_length(view);
  Request request;
  const Code code = parse_request(view, request);
  require(code == kOk || code == kError || code == kTooManyObjects, "unknown code");
  if (code != kOk)
    return;
  require(request.scalar() || (request.objects.size() >= 1 && request.objects.size() <= size_t(kMaxObjects)), "wrong number of objects");
  size_t bytes = request.name.size() + request.spec.size() + request.streamers.size() + request.text.size();
  require(request.earlier.empty() || request.earlier.size() == request.objects.size(), "objects without a snapshot");
  for (const auto *list : {&request.objects, &request.earlier})
    for (const auto &object : *list)
      bytes += object.bytes.size();
  require(bytes <= raw.size(), "the parts exceed the message");
  if (const auto spec = parse_spec(request.spec))
    require(spec->width >= 0 && spec->height >= 0, "an image of negative size");
}

void check_png() {
  const uint32_t width = 1 + random_below(70), height = 1 + random_below(50), colours = 1 + random_below(400);
  std::vector<uint32_t> pixels(width * height);
  for (auto &pixel : pixels)
    pixel = uint32_t(random_below(colours)) * 2654435761u;
  const std::string png = encode_png(pixels.data(), width, height);
  require(png.size() > 57 && png.compare(1, 3, "PNG") == 0 && png.compare(png.size() - 8, 4, "IEND") == 0, "not a PNG");
}

void check_listener(const std::string &folder) {
  const std::string path = folder + std::string(random_below(130), 'x');
  try {
    close(open_listener(folder, path));
    unlink(path.c_str());
  } catch (const std::runtime_error &) {  // too long a path, or the directory is still locked by an earlier call
  }
}

}  // namespace

int main(int argc, char **argv) {
  if (argc != 4) {
    std::fprintf(stderr, "Usage: dqmhub-fuzz ROUNDS SEED FOLDER/\n");
    return 1;
  }
  random_bits.seed(std::strtoull(argv[2], nullptr, 10));
  const size_t rounds = std::strtoull(argv[1], nullptr, 10);
  check_listener(argv[3]);
  for (size_t round = 0; round < rounds; ++round) {
    const std::string &spec = kSpecs[random_below(kSpecs.size())];
    check_message(mutate(make_message(mutate(spec), random_below(3) == 0, 1 + random_below(12), random_below(2))));
    parse_spec(mutate(spec));
    if (round % 16 == 0)
      check_png();
  }
  for (Code code : {kTooWide, kTooHigh, kTooManyObjects, kTooManyBins, kTooLong, kError})
    require(encode_response(error_response(code)).size() >= 8, "a response without a header");
  std::printf("%zu rounds\n", rounds);
}
