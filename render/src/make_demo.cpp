// Writes a DQM file with made-up monitor elements that look like those of a CMS run:
//   dqmhub-demo --out FILE --run N [--mes N] [--seed S] [--compression zlib|lzma|lz4|zstd|none]
//   dqmhub-demo --format pb --out FILE --run N [--mes N] [--seed S] [--lumi N --lumis N]
//   dqmhub-demo --format dqmio --out FILE --run N [--mes N] [--seed S] [--lumis N] [--compression ...]
// a legacy file of the whole run, or a snapshot of it, also one after so many of its lumisections, or a file of lumisections.
// The same arguments give the same file, byte for byte. What lasts (which modules are dead) is the same in all files; run
// and seed decide on the rest (statistics, how well each subsystem did).
#include <TFile.h>
#include <TH1.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>

#include "demo_book.h"
#include "demo_detector.h"
#include "demo_dqmio.h"
#include "demo_snapshot.h"

namespace {

using namespace dqmhub::demo;

struct Arguments {
  std::string out;
  int run = 0;
  int mes = 0;
  unsigned seed = 1;
  int compression = 101;
  std::string format = "root";
  int lumi = 0;
  int lumis = 450;
};

int number(const char *value) {
  char *end;
  long result = std::strtol(value, &end, 10);
  if (*end || end == value || result < 0 || result > 999999999)
    throw std::invalid_argument(text("not a number from 0 to 999999999: %s", value));
  return int(result);
}

int compression(const std::string &name) {
  const std::map<std::string, int> known{{"zlib", 101}, {"lzma", 207}, {"lz4", 404}, {"zstd", 505}, {"none", 0}};
  auto found = known.find(name);
  if (found == known.end())
    throw std::invalid_argument("no such compression: " + name);
  return found->second;
}

Arguments parse(int count, char **values) {
  Arguments arguments;
  for (int i = 1; i + 1 < count; i += 2) {
    const std::string option = values[i];
    const char *value = values[i + 1];
    if (option == "--out")
      arguments.out = value;
    else if (option == "--run")
      arguments.run = number(value);
    else if (option == "--mes")
      arguments.mes = number(value);
    else if (option == "--seed")
      arguments.seed = unsigned(number(value));
    else if (option == "--compression")
      arguments.compression = compression(value);
    else if (option == "--format")
      arguments.format = value;
    else if (option == "--lumi")
      arguments.lumi = number(value);
    else if (option == "--lumis")
      arguments.lumis = number(value);
    else
      throw std::invalid_argument("unknown option " + option);
  }
  if (count % 2 == 0 || arguments.out.empty() || arguments.run == 0)
    throw std::invalid_argument("--out and --run are needed, and each option takes a value");
  if (arguments.format != "root" && arguments.format != "pb" && arguments.format != "dqmio")
    throw std::invalid_argument("no such format: " + arguments.format);
  if (arguments.lumis == 0 || arguments.lumi > arguments.lumis)
    throw std::invalid_argument("--lumi is one of --lumis lumisections");
  return arguments;
}

int fill(Book &book, const Arguments &arguments) {
  const bool live = arguments.lumi > 0;
  return Demo(book, arguments.run, arguments.seed, {live ? arguments.lumi : arguments.lumis, arguments.lumis}, live).write(arguments.mes);
}

std::unique_ptr<TFile> rootFile(const Arguments &arguments, const char *title) {
  // Without the present time and a random identifier in it, the file depends on the arguments alone.
  auto file = std::make_unique<TFile>((arguments.out + "?reproducible=demo").c_str(), "RECREATE", title, arguments.compression);
  if (file->IsZombie())
    throw std::runtime_error("cannot write " + arguments.out);
  return file;
}

int writeLegacy(const Arguments &arguments) {
  const auto file = rootFile(arguments, "");
  LegacyBook book(*file, arguments.run);
  return fill(book, arguments);
}

int writeDqmio(const Arguments &arguments) {
  const auto file = rootFile(arguments, "1");  // the version of the format
  DqmioBook book(*file);
  for (int lumi = 1; lumi <= arguments.lumis; ++lumi) {
    LumiSection section(book, arguments.run, arguments.seed, lumi, arguments.lumis);
    section.write();
    section.modules(int(long(arguments.mes) * lumi / arguments.lumis));
    book.end(arguments.run, lumi);
  }
  book.endRun(arguments.run);
  file->Write();
  return book.mes();
}

int writeSnapshot(const Arguments &arguments) {
  SnapshotBook book;
  const int mes = fill(book, arguments);
  std::ofstream file(arguments.out, std::ios::binary);
  book.save(file);
  if (!file.flush())
    throw std::runtime_error("cannot write " + arguments.out);
  return mes;
}

} // namespace

int main(int count, char **values) {
  try {
    const Arguments arguments = parse(count, values);
    TH1::AddDirectory(false);
    const std::map<std::string, int (*)(const Arguments &)> writers{{"root", writeLegacy}, {"pb", writeSnapshot}, {"dqmio", writeDqmio}};
    const int mes = writers.at(arguments.format)(arguments);
    std::printf("%d\n", mes);
  } catch (const std::exception &error) {
    std::fprintf(stderr, "dqmhub-demo: %s\nusage: dqmhub-demo --out FILE --run N [--mes N] [--seed S] [--compression zlib|lzma|lz4|zstd|none] [--format root|pb|dqmio] [--lumi N --lumis N]\n", error.what());
    return 2;
  }
}
