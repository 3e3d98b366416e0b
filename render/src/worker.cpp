#include "worker.h"

#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <system_error>

#include "crash_report.h"
#include "log.h"
#include "memory.h"
#include "png_text.h"
#include "plugins.h"
#include "render.h"

namespace dqmhub {
namespace {

constexpr size_t kMaxConnections = 256;
constexpr int64_t kIoTimeoutMs = 10'000;  // for the rest of a request, and for the client to read a response
constexpr int64_t kDrainTimeoutMs = 200;  // the same while the service stops

void epoll_watch(int epoll, int fd, uint32_t events, int how = EPOLL_CTL_ADD) {
  epoll_event event = {};
  event.events = events;
  event.data.fd = fd;
  if (epoll_ctl(epoll, how, fd, &event) < 0)
    throw std::system_error(errno, std::generic_category(), "epoll_ctl");
}

sigset_t master_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, kActivateSignal);
  return set;
}

int open_signals() {
  sigset_t set = master_signals();
  sigprocmask(SIG_SETMASK, &set, nullptr);
  sigdelset(&set, kActivateSignal);
  return signalfd(-1, &set, SFD_CLOEXEC);
}

}  // namespace

Worker::Worker(int listener, WorkerSlot &slot, const Settings &settings)
    : listener_(listener),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      signals_(open_signals()),
      slot_(slot),
      blacklist_(settings.blacklist()),
      initial_bytes_(mapped_bytes()),
      retire_bytes_(initial_bytes_ + (uint64_t(settings.memory_mb) << 19)) {
  set_active_plugin_slot(slot_.active_plugin());
  install_crash_reports(settings, slot_);
}

bool Worker::wait_for_activation() const {
  const sigset_t set = master_signals();
  int number = 0;
  sigwait(&set, &number);
  return number == kActivateSignal;
}

void Worker::run() {
  epoll_watch(epoll_, signals_, EPOLLIN);
  epoll_watch(epoll_, listener_, EPOLLIN | EPOLLEXCLUSIVE);  // one connection wakes one idle worker, not all
  while (!draining_ || !connections_.empty()) {
    epoll_event event;  // one at a time, so that other workers take the remaining connections
    const int ready = epoll_wait(epoll_, &event, 1, wait_ms());
    if (ready > 0 && event.data.fd == signals_)
      drain();
    else if (ready > 0 && event.data.fd == listener_)
      accept_connection();
    else if (ready > 0)
      serve_connection(event.data.fd, event.events);
    close_overdue();
  }
}

// Accepts a connection and serves its first request. Returns false if none is waiting because another worker was faster.
bool Worker::accept_connection() {
  const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0)
    return false;
  drop_idle_connection();
  connections_[fd].active_ms = now_ms();
  epoll_watch(epoll_, fd, EPOLLIN);
  serve_connection(fd, EPOLLIN);  // clients send right after connecting, so the request has usually arrived
  return true;
}

void Worker::drop_idle_connection() {
  if (connections_.size() < kMaxConnections)
    return;
  auto longest = connections_.begin();
  for (auto it = connections_.begin(); it != connections_.end(); ++it)
    if (it->second.active_ms < longest->second.active_ms)
      longest = it;
  close_connection(longest);
}

void Worker::serve_connection(int fd, uint32_t events) {
  const auto found = connections_.find(fd);
  if (found == connections_.end())
    return;
  Connection &connection = found->second;
  const bool ended = events != EPOLLOUT && !receive(fd, connection);
  bool alive = send_pending(fd, connection);
  while (alive && connection.output.empty() && respond_to_next(fd, connection))
    alive = send_pending(fd, connection);
  if (!alive || ended) {
    close_connection(found);
    return;
  }
  const bool partial = !connection.input.empty() || !connection.output.empty();
  connection.partial_ms = !partial ? 0 : connection.partial_ms ? connection.partial_ms : now_ms();
  epoll_watch(epoll_, fd, connection.output.empty() ? EPOLLIN : EPOLLOUT, EPOLL_CTL_MOD);
}

// Reads the bytes that have arrived, up to the maximum message size. Returns false if the client has closed its end.
bool Worker::receive(int fd, Connection &connection) {
  static char chunk[1 << 18];
  while (connection.input.size() < kMaxMessageBytes) {
    const ssize_t got = recv(fd, chunk, sizeof chunk, 0);
    if (got <= 0)
      return got < 0 && (errno == EAGAIN || errno == EINTR);
    connection.input.append(chunk, got);
    if (size_t(got) < sizeof chunk)
      return true;
  }
  return true;
}

// Handles the first request in the input buffer. Returns false if it is incomplete.
bool Worker::respond_to_next(int fd, Connection &connection) {
  const auto length = message_length(connection.input);
  if (!length)
    return false;
  // After an invalid length the start of the next message is unknown, so the whole input buffer is dropped.
  const bool valid = *length >= int32_t(sizeof *length) && size_t(*length) <= kMaxMessageBytes;
  const size_t size = valid ? *length : connection.input.size();
  if (connection.input.size() < size)
    return false;
  const bool too_long = *length > 0 && size_t(*length) > kMaxMessageBytes;
  connection.output =
      encode_response(too_long ? error_response(kTooLong) : respond(fd, std::string_view(connection.input).substr(0, size)));
  connection.input.erase(0, size);
  connection.active_ms = now_ms();
  connection.partial_ms = 0;
  return true;
}

Response Worker::respond(int fd, std::string_view message) {
  Request request;
  if (const Code code = parse_request(message, request); code != kOk)
    return error_response(code);
  slot_.begin_plot(request.name, request.spec);
  Response response;
  try {
    const PlotGuard drawing(fd);
    take_applied_plugins();  // discards those of a plot that failed
    response = render(request, blacklist_);
    response.payload = add_text_chunk(std::move(response.payload), "Plugins", take_applied_plugins());
    retire_if_grown();
  } catch (const std::bad_alloc &) {
    response = fail(kMemoryExceeded, "took too much memory");
  } catch (const std::exception &error) {
    response = fail(kFailed, error.what());
  }
  slot_.end_plot();
  return response;
}

// Reports a failed plot and retires this worker, because ROOT's state is undefined after an exception.
Response Worker::fail(Code code, const char *why) {
  const std::string active_plugin = plugin_name(slot_.active_plugin());
  log("failed on " + to_printable(slot_.description()) + (active_plugin.empty() ? "" : ", in the plugin " + active_plugin) + ": " + why);
  retire();
  return {code, to_printable(why) + "\n" + active_plugin};
}

// Retires a worker that leaks memory before an innocent plot fails for lack of it.
void Worker::retire_if_grown() {
  const uint64_t now = draining_ ? 0 : mapped_bytes();
  if (now <= retire_bytes_)
    return;
  log("a worker has grown by " + std::to_string((now - initial_bytes_) >> 20) + " MB and is replaced; last plot " +
      to_printable(slot_.description()));
  retire();
}

// Sends as much of the output buffer as possible without blocking. Returns false if the client has disconnected.
bool Worker::send_pending(int fd, Connection &connection) {
  size_t sent = 0;
  while (sent < connection.output.size()) {
    const ssize_t count = send(fd, connection.output.data() + sent, connection.output.size() - sent, MSG_NOSIGNAL);
    if (count < 0 && errno != EAGAIN && errno != EINTR)
      return false;
    if (count < 0)
      break;
    sent += count;
  }
  connection.output.erase(0, sent);
  return true;
}

void Worker::close_overdue() {
  const int64_t now = now_ms(), patience = draining_ ? kDrainTimeoutMs : kIoTimeoutMs;
  for (auto it = connections_.begin(); it != connections_.end();) {
    const Connection &connection = it->second;
    const int64_t since = connection.partial_ms || !draining_ ? connection.partial_ms : connection.active_ms;
    const bool overdue = (connection.partial_ms || draining_) && now - since >= patience;
    it = overdue ? close_connection(it) : std::next(it);
  }
}

// Accepts the waiting connections, then serves until all connections are finished.
void Worker::drain() {
  retire();
  while (accept_connection())
    continue;
}

// Stops accepting connections.
void Worker::retire() {
  draining_ = true;
  epoll_ctl(epoll_, EPOLL_CTL_DEL, signals_, nullptr);
  epoll_ctl(epoll_, EPOLL_CTL_DEL, listener_, nullptr);
  slot_.mark_leaving();
}

// Returns the epoll timeout: time until a deadline has to be checked, -1 if none is pending.
int Worker::wait_ms() const {
  if (draining_)
    return kDrainTimeoutMs / 4;
  for (const auto &[fd, connection] : connections_)
    if (connection.partial_ms)
      return 1000;
  return -1;
}

Worker::Connections::iterator Worker::close_connection(Connections::iterator connection) {
  close(connection->first);
  return connections_.erase(connection);
}

}  // namespace dqmhub
