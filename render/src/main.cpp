// dqmhub-render: draws monitor elements for whoever asks at its socket.
#include <RVersion.h>
#include <getopt.h>
#include <sched.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <cstring>
#include <stdexcept>

#include "decode.h"
#include "log.h"
#include "master.h"
#include "plugins.h"
#include "render.h"

namespace dqmhub {
namespace {

constexpr const char *kUsage =
    "Usage: dqmhub-render --state-directory DIR/ [--workers N] [--load PLUGINS.so] [--timeout SECONDS] [--cpu SECONDS]\n"
    "                     [--memory MB] [--root FOLDER ...]\n"
    "  DIR/socket and DIR/pid are made; DIR/../blacklist.txt names monitor elements not to draw, one a line\n"
    "  --workers  processes that draw (default: one per core)\n"
    "  --load     a library of render plugins\n"
    "  --timeout  wall time of one picture (default 30)\n"
    "  --cpu      CPU time of one picture (default 20)\n"
    "  --root     folder of files whose class descriptions requests may ask for by name\n"
    "  --memory   that a worker may take beyond what ROOT takes at start (default 1024)\n";

int cores() {
  cpu_set_t set;
  return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
}

template <typename Number> Number positive(const char *option, const char *text) {
  constexpr Number most = 100'000;
  Number value = 0;
  const char *end = text + std::strlen(text);
  const auto [stop, error] = std::from_chars(text, end, value);
  if (error != std::errc() || stop != end || !(value > 0 && value <= most))
    throw std::invalid_argument(std::string("--") + option + " must be a number above 0 and up to 100000: " + text);
  return value;
}

Settings parse(int argc, char **argv) {
  const option options[] = {{"state-directory", required_argument, nullptr, 'd'}, {"workers", required_argument, nullptr, 'w'},
                            {"load", required_argument, nullptr, 'l'},            {"timeout", required_argument, nullptr, 't'},
                            {"cpu", required_argument, nullptr, 'c'},              {"root", required_argument, nullptr, 'r'},
                            {"memory", required_argument, nullptr, 'm'},          {nullptr, 0, nullptr, 0}};
  Settings settings;
  settings.workers = cores();
  for (int letter, index = 0; (letter = getopt_long(argc, argv, "", options, &index)) != -1;) {
    switch (letter) {
      case 'd': settings.directory = optarg; break;
      case 'l': settings.plugins = optarg; break;
      case 'w': settings.workers = positive<int>("workers", optarg); break;
      case 't': settings.timeout_s = positive<double>("timeout", optarg); break;
      case 'r': settings.roots.push_back(optarg); break;
      case 'c': settings.cpu_s = positive<double>("cpu", optarg); break;
      case 'm': settings.memory_mb = positive<int>("memory", optarg); break;
      default: throw std::invalid_argument("see above");
    }
  }
  if (settings.directory.empty() || optind != argc)
    throw std::invalid_argument(optind != argc ? std::string("what is ") + argv[optind] + "?" : "--state-directory is required");
  if (settings.directory.back() != '/')
    settings.directory += '/';
  return settings;
}

// A library that cannot be loaded is told, and plots are drawn without it.
void take_plugins(Master &master, const std::string &library, int argc, char **argv) {
  try {
    const auto names = load_plugins(library, argc, argv);
    log("plugins loaded: " + std::to_string(names.size()));
    master.set_plugins(names, "");
  } catch (const std::exception &error) {
    log(std::string("cannot load the plugins: ") + error.what());
    master.set_plugins({}, error.what());
  }
}

int serve(const Settings &settings, int argc, char **argv) {
  const int64_t started = now_ms();
  Master master(settings);  // first: a wrong directory is told at once, not after ROOT has been loaded
  start_root([](const std::string &message) { log(printable(message)); });
  for (const auto &root : settings.roots)
    allow_streamers(root);
  if (!settings.plugins.empty())
    take_plugins(master, settings.plugins, argc, argv);
  warm_up();
  log(std::string("ROOT ") + ROOT_RELEASE + " loaded in " + std::to_string(now_ms() - started) + " ms");
  return master.run();
}

}  // namespace
}  // namespace dqmhub

int main(int argc, char **argv) {
  dqmhub::Settings settings;
  try {
    settings = dqmhub::parse(argc, argv);
  } catch (const std::invalid_argument &error) {
    std::fprintf(stderr, "dqmhub-render: %s\n%s", error.what(), dqmhub::kUsage);
    return 1;
  }
  try {
    const int code = dqmhub::serve(settings, argc, argv);
    _exit(code);  // ROOT's own end is long and may crash
  } catch (const std::exception &error) {
    dqmhub::log(error.what());
    _exit(1);
  }
}
