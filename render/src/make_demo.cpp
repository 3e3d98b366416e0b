// Writes a DQM file with simulated monitor elements that look like those of a CMS run:
//   dqmhub-demo --out FILE --run N [--mes N] [--seed S] [--compression zlib|lzma|lz4|zstd|none]
//   dqmhub-demo --format pb --out FILE --run N [--mes N] [--seed S] [--lumi N --lumis N]
//   dqmhub-demo --format dqmio --out FILE --run N [--mes N] [--seed S] [--lumis N] [--compression ...]
// Each takes --start, the time at which the run began (Unix s UTC), and --release, the release of CMSSW; a snapshot also
// --written, the time at which it is written. Legacy files and snapshots can be split by --clients TAG=FOLDER,...;TAG=...: each
// client has a file of its own, with the name FILE-TAG, with the folders that it writes.
// The file is a legacy file of a whole run, a snapshot (at the end, or after `--lumi` lumisections), or a file with all
// lumisections. The same arguments write the same bytes. Permanent properties, such as dead modules, are the same in all
// files; run and seed determine the rest, such as statistics and the quality of each subsystem.
#include <TFile.h>
#include <TH1.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <list>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "demo_writer.h"
#include "demo_run.h"
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
  double start = 0;
  double written = 0;
  std::string release;
  std::vector<Client> clients;

  Conditions conditions() const {
    const Conditions usual = Conditions::of_run(run);
    return {start > 0 ? start : usual.start, release.empty() ? usual.release : release, written};
  }
};

int number(const char *value) {
  char *end;
  long result = std::strtol(value, &end, 10);
  if (*end || end == value || result < 0 || result > 999999999)
    throw std::invalid_argument(text("Not a number from 0 to 999999999: %s", value));
  return int(result);
}

double seconds(const char *value) {
  char *end;
  const double result = std::strtod(value, &end);
  if (*end || end == value || !(result > 0 && result < 1e10))
    throw std::invalid_argument(text("Not a time in seconds since 1970: %s", value));
  return result;
}

int compression(const std::string &name) {
  const std::map<std::string, int> levels{{"zlib", 101}, {"lzma", 207}, {"lz4", 404}, {"zstd", 505}, {"none", 0}};
  auto found = levels.find(name);
  if (found == levels.end())
    throw std::invalid_argument("Unknown compression: " + name);
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
    else if (option == "--start")
      arguments.start = seconds(value);
    else if (option == "--written")
      arguments.written = seconds(value);
    else if (option == "--release")
      arguments.release = value;
    else if (option == "--clients")
      arguments.clients = parse_clients(value);
    else
      throw std::invalid_argument("Unknown option: " + option);
  }
  if (count % 2 == 0 || arguments.out.empty() || arguments.run == 0)
    throw std::invalid_argument("--out and --run are required, and each option takes a value");
  if (arguments.format != "root" && arguments.format != "pb" && arguments.format != "dqmio")
    throw std::invalid_argument("Unknown format: " + arguments.format);
  if (!arguments.clients.empty() && arguments.format == "dqmio")
    throw std::invalid_argument("--clients is for the formats root and pb");
  if (arguments.lumis == 0 || arguments.lumi > arguments.lumis)
    throw std::invalid_argument("--lumi must be at most --lumis, and --lumis at least 1");
  return arguments;
}

int fill(Writer &writer, const Arguments &arguments) {
  const bool live = arguments.lumi > 0;
  const Progress progress{live ? arguments.lumi : arguments.lumis, arguments.lumis};
  return DemoRun(writer, arguments.run, arguments.seed, progress, live, arguments.conditions()).write(arguments.mes);
}

std::unique_ptr<TFile> open_root_file(const Arguments &arguments, const std::string &name, const char *title) {
  // `reproducible` omits the current time and a random identifier, so that the file depends only on the arguments.
  auto file = std::make_unique<TFile>((name + "?reproducible=demo").c_str(), "RECREATE", title, arguments.compression);
  if (file->IsZombie())
    throw std::runtime_error("Cannot write " + name);
  return file;
}

int write_legacy(const Arguments &arguments) {
  if (arguments.clients.empty()) {
    const auto file = open_root_file(arguments, arguments.out, "");
    LegacyWriter writer(*file, arguments.run);
    return fill(writer, arguments);
  }
  std::vector<std::unique_ptr<TFile>> files;
  std::list<LegacyWriter> writers;
  SplitWriter split;
  for (const Client &client : arguments.clients) {
    files.push_back(open_root_file(arguments, arguments.out + "-" + client.tag, ""));
    split.add(client, writers.emplace_back(*files.back(), arguments.run));
  }
  return fill(split, arguments);
}

int write_dqmio(const Arguments &arguments) {
  const auto file = open_root_file(arguments, arguments.out, "1");  // format version
  DqmioWriter writer(*file, arguments.conditions().start);
  for (int lumi = 1; lumi <= arguments.lumis; ++lumi) {
    LumiSection section(writer, arguments.run, arguments.seed, lumi, arguments.lumis, arguments.conditions().start);
    section.write();
    section.modules(int(long(arguments.mes) * lumi / arguments.lumis));
    writer.end(arguments.run, lumi);
  }
  writer.end_run(arguments.run);
  file->Write();
  return writer.me_count();
}

void save_snapshot(const SnapshotWriter &writer, const std::string &name) {
  std::ofstream file(name, std::ios::binary);
  writer.save(file);
  if (!file.flush())
    throw std::runtime_error("Cannot write " + name);
}

int write_snapshot(const Arguments &arguments) {
  if (arguments.clients.empty()) {
    SnapshotWriter writer;
    const int mes = fill(writer, arguments);
    save_snapshot(writer, arguments.out);
    return mes;
  }
  std::vector<SnapshotWriter> writers(arguments.clients.size());
  SplitWriter split;
  for (size_t i = 0; i < writers.size(); ++i)
    split.add(arguments.clients[i], writers[i]);
  const int mes = fill(split, arguments);
  for (size_t i = 0; i < writers.size(); ++i)
    save_snapshot(writers[i], arguments.out + "-" + arguments.clients[i].tag);
  return mes;
}

}  // namespace

int main(int count, char **values) {
  try {
    const Arguments arguments = parse(count, values);
    TH1::AddDirectory(false);
    const std::map<std::string, int (*)(const Arguments &)> writers{{"root", write_legacy}, {"pb", write_snapshot}, {"dqmio", write_dqmio}};
    const int mes = writers.at(arguments.format)(arguments);
    std::printf("%d\n", mes);
  } catch (const std::exception &error) {
    std::fprintf(stderr,
                 "dqmhub-demo: %s\nUsage: dqmhub-demo --out FILE --run N [--mes N] [--seed S] [--compression zlib|lzma|lz4|zstd|none] "
                 "[--format root|pb|dqmio] [--lumi N --lumis N] [--start SECONDS] [--release NAME] [--written SECONDS] "
                 "[--clients TAG=FOLDER,FOLDER;TAG=FOLDER]\n",
                 error.what());
    return 2;
  }
}
