// Turns a request into its response: decode, draw, encode.
#pragma once
#include <functional>
#include <string>

#include "protocol.h"

namespace dqmhub {

class Blacklist;

// Prepares ROOT for drawing without a screen and removes its signal handlers. Warnings and errors of ROOT go to `log`.
void start_root(std::function<void(const std::string &)> log);

// Returns the response to one request. Throws if memory runs out, or if ROOT or a plugin throws; the process must then be
// replaced.
Response render(const Request &request, Blacklist &blacklist);

// Decodes and draws one object of every class, so that ROOT loads everything it needs before the workers are forked.
void warm_up();

// Draws one plot in a new child process, so that its memory pages are copied before the first client waits.
void warm_up_child();

}  // namespace dqmhub
