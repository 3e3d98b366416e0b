// From a request to its answer: decode, draw, encode.
#pragma once
#include <functional>
#include <string>

#include "protocol.h"

namespace dqmhub {

class Blacklist;

// Makes ROOT ready to draw without a screen and takes its signal handlers away. Messages of ROOT go to `log`.
void start_root(std::function<void(const std::string &)> log);

// The answer to one request. Throws when memory runs out or ROOT goes astray; the process should then be replaced.
Answer render(const Request &request, Blacklist &blacklist);

// Decodes and draws one of every kind, so that what ROOT loads at first use is loaded before the workers are forked.
void warm_up();

// Draws a plot in a child process, so that the pages it writes to are its own before its first client waits.
void warm_up_child();

}  // namespace dqmhub
