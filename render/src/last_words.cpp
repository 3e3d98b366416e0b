#include "last_words.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cmath>
#include <cstring>
#include <sstream>
#include <string>

#include "plugins.h"
#include "protocol.h"

namespace dqmhub {
namespace {

// All that the handler needs is made before: it may call next to nothing, and the heap may be in ruins.
std::atomic<int> client{-1};
Slot *slot;
std::string wall_words, cpu_words;
itimerval cpu_limit;
char stack[1 << 16];  // a crash may be that the ordinary one is used up

std::string beyond(double seconds, const char *what) {
  std::ostringstream words;
  words << "took more than " << seconds << " s" << what;
  return words.str();
}

struct Message {
  int32_t code, length = 0;
  char text[500];
  explicit Message(int32_t code) : code(code) {}
  void add(const char *words) {
    while (*words && length < int32_t(sizeof text))
      text[length++] = *words++;
  }
};

void answer(int number) {
  Message message(number == SIGALRM ? kOverrun : number == SIGPROF ? kCpuOverrun : kCrashed);
  if (message.code == kCrashed) {
    message.add("died of SIG");
    message.add(sigabbrev_np(number));
  } else {
    message.add(number == SIGALRM ? wall_words.c_str() : cpu_words.c_str());
  }
  message.add("\n");
  message.add(plugin_name(slot->plugin().load()));
  send(client, &message, 2 * sizeof(int32_t) + message.length, MSG_NOSIGNAL | MSG_DONTWAIT);
}

void speak(int number) {
  if (client < 0 && (number == SIGALRM || number == SIGPROF))
    return;  // the plot has just ended
  slot->leave();
  if (client >= 0)
    answer(number);
  signal(number, SIG_DFL);
  raise(number);
}

}  // namespace

void prepare_last_words(const Settings &settings, Slot &own) {
  slot = &own;
  wall_words = beyond(settings.timeout_s, "");
  cpu_words = beyond(settings.cpu_s, " of CPU time");
  double whole;
  cpu_limit.it_value.tv_usec = std::modf(settings.cpu_s, &whole) * 1e6;
  cpu_limit.it_value.tv_sec = whole;
  const stack_t alternate = {stack, 0, sizeof stack};
  sigaltstack(&alternate, nullptr);
  struct sigaction action = {};
  action.sa_handler = speak;
  action.sa_flags = SA_ONSTACK;
  for (int number : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGSYS, SIGTRAP, SIGALRM, SIGPROF})
    sigaction(number, &action, nullptr);
}

Drawing::Drawing(int fd) {
  client = fd;
  setitimer(ITIMER_PROF, &cpu_limit, nullptr);
}

Drawing::~Drawing() {
  const itimerval off = {};
  setitimer(ITIMER_PROF, &off, nullptr);
  client = -1;
}

}  // namespace dqmhub
