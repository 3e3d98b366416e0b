// dqmhub-render: a service that draws monitor elements for clients of its UNIX socket.
#include <RVersion.h>
#include <getopt.h>
#include <sched.h>
#include <unistd.h>

#include <charconv>
#include <cstdio>
#include <cstring>
#include <stdexcept>

#include "streamers.h"
#include "log.h"
#include "master.h"
#include "own_process.h"
#include "plugins.h"
#include "render.h"

namespace dqmhub {
namespace {

constexpr const char *kUsage =
    "Usage: dqmhub-render --state-directory DIR/ [--workers N] [--load PLUGINS.so] [--timeout SECONDS] [--cpu SECONDS]\n"
    "                     [--memory MB] [--root FOLDER ...] [--log-format text|json] [--log-level LEVEL]\n"
    "  --state-directory  folder for socket, pid and status.json; DIR/../blacklist.txt lists monitor elements that are not\n"
    "                     drawn, one name per line\n"
    "  --workers          number of processes that draw (default: one per core)\n"
    "  --load             library of render plugins\n"
    "  --timeout          wall time limit of one plot (default 30)\n"
    "  --cpu              CPU time limit of one plot (default 20)\n"
    "  --memory           memory limit of a worker, in addition to what ROOT takes at the start (default 1024)\n"
    "  --root             folder with ROOT files that requests may name as a source of StreamerInfo; may be repeated\n"
    "  --log-format       text for people, or one JSON object per line (default text)\n"
    "  --log-level        debug (a line for each plot), info, warning or error (default info)\n";

int core_count() {
  cpu_set_t set;
  return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
}

template <typename Number> Number parse_positive(const char *option, const char *text) {
  constexpr Number most = 100'000;
  Number value = 0;
  const char *end = text + std::strlen(text);
  const auto [stop, error] = std::from_chars(text, end, value);
  if (error != std::errc() || stop != end || !(value > 0 && value <= most))
    throw std::invalid_argument(std::string("--") + option + " must be a number above 0 and at most 100000, not " + text);
  return value;
}

void require(bool condition, const char *expected) {
  if (!condition)
    throw std::invalid_argument(expected);
}

Settings parse_arguments(int argc, char **argv) {
  const option options[] = {{"state-directory", required_argument, nullptr, 'd'},
                            {"workers", required_argument, nullptr, 'w'},
                            {"load", required_argument, nullptr, 'l'},
                            {"timeout", required_argument, nullptr, 't'},
                            {"cpu", required_argument, nullptr, 'c'},
                            {"root", required_argument, nullptr, 'r'},
                            {"memory", required_argument, nullptr, 'm'},
                            {"log-format", required_argument, nullptr, 'f'},
                            {"log-level", required_argument, nullptr, 'v'},
                            {nullptr, 0, nullptr, 0}};
  Settings settings;
  settings.workers = core_count();
  for (int letter, index = 0; (letter = getopt_long(argc, argv, "", options, &index)) != -1;) {
    switch (letter) {
      case 'd': settings.directory = optarg; break;
      case 'l': settings.plugins = optarg; break;
      case 'w': settings.workers = parse_positive<int>("workers", optarg); break;
      case 't': settings.timeout_s = parse_positive<double>("timeout", optarg); break;
      case 'r': settings.roots.push_back(optarg); break;
      case 'c': settings.cpu_s = parse_positive<double>("cpu", optarg); break;
      case 'm': settings.memory_mb = parse_positive<int>("memory", optarg); break;
      case 'f': require(set_log_format(optarg), "--log-format must be text or json"); break;
      case 'v': require(set_log_level(optarg), "--log-level must be debug, info, warning or error"); break;
      default: throw std::invalid_argument("Invalid option, see above");
    }
  }
  if (settings.directory.empty() || optind != argc)
    throw std::invalid_argument(optind != argc ? std::string("Unexpected argument ") + argv[optind] : "--state-directory is required");
  if (settings.directory.back() != '/')
    settings.directory += '/';
  return settings;
}

// Loads the plugins. If that fails, the reason goes to the log and the status file, and plots are drawn without plugins.
void load_plugin_library(Master &master, const std::string &library, int argc, char **argv) {
  try {
    const auto names = load_plugins(library, argc, argv, [&master] { return master.must_stop(); });
    log("plugins loaded: " + std::to_string(names.size()));
    master.set_plugins(names, "");
  } catch (const std::exception &error) {
    log(std::string("cannot load the plugins: ") + error.what(), LogLevel::error);
    master.set_plugins({}, error.what());
  }
  master.end_strays();
}

int serve(const Settings &settings, int argc, char **argv) {
  const int64_t started = now_ms();
  Master master(settings);     // first, so that a wrong directory is reported before ROOT is loaded
  bool is_warming_up = false;  // ROOT then complains about dictionaries of its own classes, which nobody can change
  start_root([&is_warming_up](const std::string &message) {
    if (!is_warming_up)
      log(to_printable(message), LogLevel::warning);
  });
  for (const auto &root : settings.roots)
    allow_streamer_folder(root);
  if (!settings.plugins.empty())
    load_plugin_library(master, settings.plugins, argc, argv);
  is_warming_up = true;
  warm_up();
  is_warming_up = false;
  log(std::string("ROOT ") + ROOT_RELEASE + " loaded in " + std::to_string(now_ms() - started) + " ms");
  return master.run();
}

}  // namespace
}  // namespace dqmhub

int main(int argc, char **argv) {
  dqmhub::fill_standard_descriptors();
  dqmhub::open_log();
  dqmhub::Settings settings;
  try {
    settings = dqmhub::parse_arguments(argc, argv);
  } catch (const std::invalid_argument &error) {
    std::fprintf(stderr, "dqmhub-render: %s\n%s", error.what(), dqmhub::kUsage);
    return 1;
  }
  settings.output = dqmhub::capture_output();
  try {
    const int code = dqmhub::serve(settings, argc, argv);
    _exit(code);  // skips ROOT's clean-up, which is slow and may crash
  } catch (const std::exception &error) {
    dqmhub::log_output();
    dqmhub::log(error.what(), dqmhub::LogLevel::error);
    _exit(1);
  }
}
