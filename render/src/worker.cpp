#include "worker.h"

#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <stdexcept>
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
constexpr size_t kMaxBufferedBytes = 2 * kMaxMessageBytes;  // of all connections
constexpr size_t kLargeBytes = 1 << 20;                     // of one connection that may have to give them back
constexpr int64_t kIoTimeoutMs = 10'000;  // without progress of a request that arrives or of a response that the client reads
constexpr int64_t kDrainTimeoutMs = 200;  // the same while the service stops
constexpr int64_t kWaitingPollMs = 2;     // for requests that wait for plots of the same monitor element

[[noreturn]] void throw_errno(const char *what) { throw std::system_error(errno, std::generic_category(), what); }

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

Worker::Worker(int listener, WorkerSlots &slots, size_t number, const Settings &settings)
    : listener_(listener),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      signals_(open_signals()),
      slots_(slots),
      number_(number),
      most_of_one_name_(std::max(1, settings.workers - 1)),
      slot_(slots[number]),
      blacklist_(settings.blacklist()),
      initial_bytes_(mapped_bytes()),
      retire_bytes_(initial_bytes_ + (uint64_t(settings.memory_mb) << 19)),
      process_({listener_, epoll_, signals_}) {
  adopt_orphans();
  set_active_plugin_slot(slot_.active_plugin());
  install_crash_reports(settings, slot_);
}

bool Worker::wait_for_activation() const {
  const sigset_t set = master_signals();
  const timespec heartbeat = {kHeartbeatMs / 1000, kHeartbeatMs % 1000 * 1'000'000};
  for (;;) {
    slot_.beat();
    if (const int number = sigtimedwait(&set, nullptr, &heartbeat); number > 0)
      return number == kActivateSignal;
    if (errno != EAGAIN && errno != EINTR)
      throw_errno("sigtimedwait");
  }
}

void Worker::run() {
  watch(signals_, EPOLLIN);
  watch(listener_, EPOLLIN | EPOLLEXCLUSIVE);  // one connection wakes one idle worker, not all
  while (!draining_ || !connections_.empty()) {
    slot_.beat();
    epoll_event event;  // one at a time, so that other workers take the remaining connections
    const int ready = epoll_wait(epoll_, &event, 1, wait_ms());
    if (ready < 0 && errno != EINTR)  // a plugin may have closed the descriptor
      throw_errno("epoll_wait");
    if (ready > 0)
      handle(event);
    serve_waiting();
    close_overdue();
    drop_large_connections();
  }
}

// Watches a descriptor for events, which will carry it and the serial number of its connection.
void Worker::watch(int fd, uint32_t events, uint32_t serial, bool again) {
  epoll_event event = {};
  event.events = events;
  event.data.u64 = uint64_t(serial) << 32 | uint32_t(fd);
  if (epoll_ctl(epoll_, again ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event) < 0)
    throw_errno("epoll_ctl");
}

void Worker::handle(const epoll_event &event) {
  const int fd = int(uint32_t(event.data.u64));
  const uint32_t serial = event.data.u64 >> 32;
  const auto found = connections_.find(fd);
  if (serial && (found == connections_.end() || found->second.serial != serial))
    throw std::runtime_error("a closed connection is still open");  // a plugin closed it, and a copy of the process holds it
  if (serial)
    serve_connection(fd, event.events);
  else if (fd == signals_)
    drain();
  else
    accept_connection();
}

// Accepts a connection and serves its first request. Returns false if none is waiting because another worker was faster.
bool Worker::accept_connection() {
  const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd < 0 && (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED))
    return false;
  if (fd < 0)  // a plugin may have closed or used up the descriptors
    throw_errno("accept");
  drop_idle_connection();
  Connection &connection = connections_[fd];
  connection.active_ms = now_ms();
  connection.serial = ++last_serial_ ? last_serial_ : ++last_serial_;
  watch(fd, EPOLLIN, connection.serial);
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

// Closes connections with incomplete messages, those without progress for longest first, until the others fit into memory.
void Worker::drop_large_connections() {
  for (;;) {
    size_t bytes = 0;
    auto slowest = connections_.end();
    for (auto it = connections_.begin(); it != connections_.end(); ++it) {
      bytes += it->second.memory();
      const bool droppable = it->second.memory() > kLargeBytes && !it->second.waiting_ms;
      if (droppable && (slowest == connections_.end() || it->second.partial_ms < slowest->second.partial_ms))
        slowest = it;
    }
    if (bytes <= kMaxBufferedBytes || slowest == connections_.end())
      return;
    close_connection(slowest);
  }
}

void Worker::serve_connection(int fd, uint32_t events) {
  const auto found = connections_.find(fd);
  if (found == connections_.end())
    return;
  bool alive = false;
  try {
    alive = exchange(fd, found->second, events);
  } catch (const std::bad_alloc &) {
    log("a client was disconnected, because there is no memory for its request", LogLevel::warning);
  }
  if (!alive)
    close_connection(found);
}

// Receives, responds and sends. Returns false if the connection is to be closed. Throws std::bad_alloc.
bool Worker::exchange(int fd, Connection &connection, uint32_t events) {
  const size_t size_before = connection.size();
  const bool ended = events & EPOLLIN && !connection.receive(fd);
  bool alive = !(events & EPOLLHUP) && connection.send_pending(fd);
  while (alive && connection.output.empty() && respond_to_next(fd, connection))
    alive = connection.send_pending(fd);
  if (!alive || (ended && !connection.waiting_ms))
    return false;
  const bool partial = connection.size() > 0 && !connection.waiting_ms, progress = connection.size() != size_before;
  connection.partial_ms = !partial ? 0 : progress || !connection.partial_ms ? now_ms() : connection.partial_ms;
  const uint32_t awaited = connection.output.empty() ? EPOLLIN : EPOLLOUT;
  watch(fd, connection.waiting_ms ? 0 : awaited, connection.serial, true);
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
  const auto response = too_long ? error_response(kTooLong) : respond(fd, connection, std::string_view(connection.input).substr(0, size));
  if (!response)
    return false;
  connection.output = encode_response(*response);
  connection.remove_request(size);
  connection.active_ms = now_ms();
  connection.partial_ms = 0;
  return true;
}

// Returns the response to a request, or nothing if the plot has to wait.
std::optional<Response> Worker::respond(int fd, Connection &connection, std::string_view message) {
  Request request;
  if (const Code code = parse_request(message, request); code != kOk)
    return error_response(code);
  slot_.begin_plot(request, fd);  // before the others are looked at, so that two workers see each other
  if (slots_.must_wait(number_, request.name, connection.waiting_ms, most_of_one_name_)) {
    slot_.cancel_plot();
    connection.waiting_ms = connection.waiting_ms ? connection.waiting_ms : now_ms();
    return {};
  }
  connection.waiting_ms = 0;
  set_log_request(request.id);
  const int64_t started = now_ms();
  const Response response = draw(fd, request);
  if (is_logged(LogLevel::debug))
    log("drew " + to_printable(slot_.description()) + " in " + std::to_string(now_ms() - started) + " ms", LogLevel::debug);
  retire_if_damaged();
  slot_.end_plot();
  set_log_request("");
  return response;
}

// Serves the connections with a request that no longer has to wait.
void Worker::serve_waiting() {
  for (auto next = connections_.begin(); next != connections_.end();) {
    const auto connection = next++;  // serving may close it
    if (connection->second.waiting_ms)
      serve_connection(connection->first, 0);
  }
}

Response Worker::draw(int fd, const Request &request) {
  try {
    const PlotGuard drawing(fd);
    take_applied_plugins();  // discards those of a plot that failed
    Response response = render(request, blacklist_);
    response.payload = add_text_chunk(std::move(response.payload), "Plugins", take_applied_plugins());
    retire_if_grown();
    return response;
  } catch (const std::bad_alloc &) {
    return fail(kMemoryExceeded, "took too much memory");
  } catch (const std::exception &error) {
    return fail(kFailed, error.what());
  }
}

// Reports a failed plot and retires this worker, because ROOT's state is undefined after an exception.
Response Worker::fail(Code code, const char *why) {
  retire_for(to_printable(why));
  return {code, to_printable(why) + "\n" + plugin_name(slot_.active_plugin())};
}

// Retires a worker whose process a plugin has changed, before the next plot or client depends on it.
void Worker::retire_if_damaged() {
  if (const std::string damage = draining_ ? "" : process_.damage(); !damage.empty())
    retire_for(damage);
}

// Retires this worker because of its last plot. The master counts and logs it as lost.
void Worker::retire_for(const std::string &why) {
  slot_.set_fault("was replaced (" + why + ") after drawing " + to_printable(slot_.description()) + plugin_mention(slot_.active_plugin()));
  retire();
}

// Retires a worker that leaks memory before an innocent plot fails for lack of it.
void Worker::retire_if_grown() {
  const uint64_t now = draining_ ? 0 : mapped_bytes();
  if (now <= retire_bytes_)
    return;
  log("a worker has grown by " + std::to_string((now - initial_bytes_) >> 20) + " MB and is replaced; last plot " +
          to_printable(slot_.description()),
      LogLevel::warning);
  retire();
}

void Worker::close_overdue() {
  const int64_t now = now_ms(), patience = draining_ ? kDrainTimeoutMs : kIoTimeoutMs;
  for (auto it = connections_.begin(); it != connections_.end();) {
    const Connection &connection = it->second;
    const int64_t since = connection.partial_ms || !draining_ ? connection.partial_ms : connection.active_ms;
    const bool pending = connection.partial_ms || (draining_ && !connection.waiting_ms);
    const bool overdue = pending && now - since >= patience;
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
  epoll_ctl(epoll_, EPOLL_CTL_DEL, signals_, nullptr);  // fails for a descriptor that a plugin has closed
  epoll_ctl(epoll_, EPOLL_CTL_DEL, listener_, nullptr);
  slot_.mark_leaving();
}

// Returns the epoll timeout in ms: until the next heartbeat, or until waiting requests or deadlines have to be checked.
int Worker::wait_ms() const {
  for (const auto &[fd, connection] : connections_)
    if (connection.waiting_ms)
      return kWaitingPollMs;
  return draining_ ? kDrainTimeoutMs / 4 : kHeartbeatMs;
}

Worker::Connections::iterator Worker::close_connection(Connections::iterator connection) {
  epoll_ctl(epoll_, EPOLL_CTL_DEL, connection->first, nullptr);  // a copy of this process may hold it, and with it its events
  close(connection->first);
  return connections_.erase(connection);
}

}  // namespace dqmhub
