#include "worker.h"

#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <system_error>

#include "last_words.h"
#include "log.h"
#include "memory.h"
#include "note.h"
#include "plugins.h"
#include "render.h"

namespace dqmhub {
namespace {

constexpr size_t kMostConnections = 256;
constexpr int64_t kPatienceMs = 10'000;  // for the rest of a request, and for an answer to be taken
constexpr int64_t kGraceMs = 200;        // the same when the service stops

void watch(int epoll, int fd, uint32_t events, int how = EPOLL_CTL_ADD) {
  epoll_event event = {};
  event.events = events;
  event.data.fd = fd;
  if (epoll_ctl(epoll, how, fd, &event) < 0)
    throw std::system_error(errno, std::generic_category(), "epoll_ctl");
}

sigset_t told_by_master() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, kYourTurn);
  return set;
}

int open_signals() {
  sigset_t set = told_by_master();
  sigprocmask(SIG_SETMASK, &set, nullptr);
  sigdelset(&set, kYourTurn);
  return signalfd(-1, &set, SFD_CLOEXEC);
}

}  // namespace

Worker::Worker(int listener, Slot &slot, const Settings &settings)
    : listener_(listener), epoll_(epoll_create1(EPOLL_CLOEXEC)), signals_(open_signals()), slot_(slot), blacklist_(settings.blacklist()),
      born_bytes_(mapped_bytes()), most_bytes_(born_bytes_ + (uint64_t(settings.memory_mb) << 19)) {
  watch_plugins(slot_.plugin());
  prepare_last_words(settings, slot_);
}

bool Worker::wait_for_turn() const {
  const sigset_t set = told_by_master();
  int number = 0;
  sigwait(&set, &number);
  return number == kYourTurn;
}

void Worker::run() {
  watch(epoll_, signals_, EPOLLIN);
  watch(epoll_, listener_, EPOLLIN | EPOLLEXCLUSIVE);  // one connection wakes one idle worker, not all
  while (!draining_ || !connections_.empty()) {
    epoll_event event;  // one at a time: other workers may take what this one cannot get to
    const int ready = epoll_wait(epoll_, &event, 1, wait_ms());
    if (ready > 0 && event.data.fd == signals_)
      drain();
    else if (ready > 0 && event.data.fd == listener_)
      accept_one();
    else if (ready > 0)
      serve(event.data.fd, event.events);
    close_overdue();
  }
}

// Takes a connection and what it asks; false when none waits (another worker was faster).
bool Worker::accept_one() {
  const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0)
    return false;
  make_room();
  connections_[fd].active_ms = now_ms();
  watch(epoll_, fd, EPOLLIN);
  serve(fd, EPOLLIN);  // a client connects in order to ask: its request is mostly there already
  return true;
}

void Worker::make_room() {
  if (connections_.size() < kMostConnections)
    return;
  auto longest = connections_.begin();
  for (auto it = connections_.begin(); it != connections_.end(); ++it)
    if (it->second.active_ms < longest->second.active_ms)
      longest = it;
  drop(longest);
}

void Worker::serve(int fd, uint32_t events) {
  const auto found = connections_.find(fd);
  if (found == connections_.end())
    return;
  Connection &connection = found->second;
  const bool ended = events != EPOLLOUT && !receive(fd, connection);
  bool alive = send_out(fd, connection);
  while (alive && connection.out.empty() && answer_next(fd, connection))
    alive = send_out(fd, connection);
  if (!alive || ended) {
    drop(found);
    return;
  }
  const bool partial = !connection.in.empty() || !connection.out.empty();
  connection.partial_ms = !partial ? 0 : connection.partial_ms ? connection.partial_ms : now_ms();
  watch(epoll_, fd, connection.out.empty() ? EPOLLIN : EPOLLOUT, EPOLL_CTL_MOD);
}

// Takes what has come, up to one largest message. False when the client has closed its end.
bool Worker::receive(int fd, Connection &connection) {
  static char chunk[1 << 18];
  while (connection.in.size() < kLargestMessage) {
    const ssize_t got = recv(fd, chunk, sizeof chunk, 0);
    if (got <= 0)
      return got < 0 && (errno == EAGAIN || errno == EINTR);
    connection.in.append(chunk, got);
    if (size_t(got) < sizeof chunk)
      return true;
  }
  return true;
}

// Answers the request at the head of what has come; false when it is not all there.
bool Worker::answer_next(int fd, Connection &connection) {
  const auto length = claimed_length(connection.in);
  if (!length)
    return false;
  // A length that cannot be believed leaves nothing to find the next message by: all that has come is dropped.
  const bool believable = *length >= int32_t(sizeof *length) && size_t(*length) <= kLargestMessage;
  const size_t size = believable ? *length : connection.in.size();
  if (connection.in.size() < size)
    return false;
  const bool too_long = *length > 0 && size_t(*length) > kLargestMessage;
  connection.out = frame(too_long ? refusal(kTooLong) : answer(fd, std::string_view(connection.in).substr(0, size)));
  connection.in.erase(0, size);
  connection.active_ms = now_ms();
  connection.partial_ms = 0;
  return true;
}

Answer Worker::answer(int fd, std::string_view message) {
  Request request;
  if (const Code code = parse_request(message, request); code != kOk)
    return refusal(code);
  slot_.begin(request.name, request.spec);
  Answer answer;
  try {
    const Drawing drawing(fd);
    take_applied();  // of a plot that failed
    answer = render(request, blacklist_);
    answer.payload = with_note(std::move(answer.payload), "Plugins", take_applied());
    retire_if_grown();
  } catch (const std::bad_alloc &) {
    answer = lost(kNoMemory, "took too much memory");
  } catch (const std::exception &error) {
    answer = lost(kFailed, error.what());
  }
  slot_.end();
  return answer;
}

// ROOT was left in the middle of something, so a fresh process takes over.
Answer Worker::lost(Code code, const char *why) {
  const std::string plugin = plugin_name(slot_.plugin());
  log("failed on " + printable(slot_.what()) + (plugin.empty() ? "" : ", in the plugin " + plugin) + ": " + why);
  retire();
  return {code, printable(why) + "\n" + plugin};
}

// Memory that gets lost plot by plot would in the end fail one that is not to blame.
void Worker::retire_if_grown() {
  const uint64_t now = draining_ ? 0 : mapped_bytes();
  if (now <= most_bytes_)
    return;
  log("a worker has grown by " + std::to_string((now - born_bytes_) >> 20) + " MB, with " + printable(slot_.what()) + " at last; another takes over");
  retire();
}

// Sends what can be sent without waiting. False when the client has gone.
bool Worker::send_out(int fd, Connection &connection) {
  size_t sent = 0;
  while (sent < connection.out.size()) {
    const ssize_t gone = send(fd, connection.out.data() + sent, connection.out.size() - sent, MSG_NOSIGNAL);
    if (gone < 0 && errno != EAGAIN && errno != EINTR)
      return false;
    if (gone < 0)
      break;
    sent += gone;
  }
  connection.out.erase(0, sent);
  return true;
}

void Worker::close_overdue() {
  const int64_t now = now_ms(), patience = draining_ ? kGraceMs : kPatienceMs;
  for (auto it = connections_.begin(); it != connections_.end();) {
    const Connection &connection = it->second;
    const int64_t since = connection.partial_ms || !draining_ ? connection.partial_ms : connection.active_ms;
    const bool overdue = (connection.partial_ms || draining_) && now - since >= patience;
    it = overdue ? drop(it) : std::next(it);
  }
}

// Takes the connections that wait at the listener, then lets all end what they have begun.
void Worker::drain() {
  retire();
  while (accept_one())
    continue;
}

// Takes nothing new.
void Worker::retire() {
  draining_ = true;
  epoll_ctl(epoll_, EPOLL_CTL_DEL, signals_, nullptr);
  epoll_ctl(epoll_, EPOLL_CTL_DEL, listener_, nullptr);
  slot_.leave();
}

// How long nothing needs to be looked at but what epoll reports.
int Worker::wait_ms() const {
  if (draining_)
    return kGraceMs / 4;
  for (const auto &[fd, connection] : connections_)
    if (connection.partial_ms)
      return 1000;
  return -1;
}

Worker::Connections::iterator Worker::drop(Connections::iterator connection) {
  close(connection->first);
  return connections_.erase(connection);
}

}  // namespace dqmhub
