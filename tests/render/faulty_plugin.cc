// A plugin that fails in the way named by the monitor element: Faulty/<failure>.
#include "../src/DQMRenderPlugin.h"
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <unistd.h>

int depth(volatile char *above) {
  volatile char frame[4096];
  frame[0] = above[0];
  return depth(frame) + frame[0];
}

struct EndsNever {
  ~EndsNever() {
    for (;;)
      pause();
  }
};

struct Faulty : DQMRenderPlugin {
  bool applies(const VisDQMObject &o, const VisDQMImgInfo &) override { return o.dirname == "Faulty"; }
  void preDraw(TCanvas *, const VisDQMObject &o, const VisDQMImgInfo &, VisDQMRenderInfo &) override {
    volatile char ground[1] = {0};
    if (o.objname == "crash")
      *reinterpret_cast<volatile int *>(8) = 1;
    if (o.objname == "abort")
      abort();
    if (o.objname == "deep")
      depth(ground);
    if (o.objname == "sleep")
      for (;;)
        pause();
    while (o.objname == "spin")
      ground[0] = 1;
    while (o.objname == "hoard")
      memset(new char[1 << 20], 1, 1 << 20);
    if (o.objname == "leak")
      memset(new char[20 << 20], 1, 20 << 20);
    if (o.objname == "close descriptors")
      for (int descriptor = 3; descriptor < 1024; ++descriptor)
        close(descriptor);
    if (o.objname == "use up descriptors")
      while (dup(0) >= 0)
        continue;
    if (o.objname == "replace descriptors")
      for (int descriptor = 3; descriptor < 1024; ++descriptor)
        dup2(0, descriptor);
    if (o.objname == "mask signals") {
      sigset_t all;
      sigfillset(&all);
      sigprocmask(SIG_SETMASK, &all, nullptr);
      signal(SIGPROF, SIG_IGN);
    }
    if (o.objname == "exit")
      _exit(0);
    if (o.objname == "exit without end") {
      static EndsNever stuck;
      exit(0);
    }
    if (o.objname == "throw")
      throw std::runtime_error("no geometry");
  }
} faulty;
