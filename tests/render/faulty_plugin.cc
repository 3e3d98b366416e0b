// A plugin that fails in the way named by the monitor element: Faulty/<failure>.
#include "../src/DQMRenderPlugin.h"
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <TCanvas.h>
#include <TError.h>
#include <TROOT.h>
#include <thread>
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

struct CrashesWhenPainted : TObject {
  void Paint(Option_t *) override { *reinterpret_cast<volatile int *>(8) = 1; }
};

struct Faulty : DQMRenderPlugin {
  bool applies(const VisDQMObject &o, const VisDQMImgInfo &) override { return o.dirname == "Faulty"; }
  void preDraw(TCanvas *, const VisDQMObject &o, const VisDQMImgInfo &, VisDQMRenderInfo &) override {
    volatile char ground[1] = {0};
    if (o.objname.rfind("crash", 0) == 0)
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
    if (o.objname == "fork and sleep" && fork() == 0)
      for (;;)
        pause();
    if (o.objname == "fork and block" && fork() >= 0)
      for (;;)
        pause();
    if (o.objname == "fork and return" && fork() < 0)
      abort();
    if (o.objname == "fork a daemon" && fork() == 0) {
      setsid();
      if (fork() != 0)
        _exit(0);
      for (;;)
        pause();
    }
    if (o.objname == "program in the background" && system("sleep 1000 &") != 0)
      abort();
    if (o.objname == "thread")
      std::thread([] {
        for (;;)
          pause();
      }).detach();
    if (o.objname == "joined thread")
      std::thread([] {}).join();
    if (o.objname == "warn")
      Warning("warn", "something is odd");
    if (o.objname == "end batch mode")
      gROOT->SetBatch(false);
    if (o.objname == "close standard descriptors")
      for (int descriptor = 0; descriptor < 3; ++descriptor)
        close(descriptor);
    if (o.objname == "close signals")
      for (int descriptor = 3; descriptor < 1024; ++descriptor) {
        char target[64] = {};
        const std::string link = "/proc/self/fd/" + std::to_string(descriptor);
        if (readlink(link.c_str(), target, sizeof target - 1) > 0 && strstr(target, "signalfd"))
          close(descriptor);
      }
    if (o.objname == "block signals and sleep") {
      sigset_t all;
      sigfillset(&all);
      sigprocmask(SIG_SETMASK, &all, nullptr);
      for (;;)
        pause();
    }
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
  void postDraw(TCanvas *, const VisDQMObject &o, const VisDQMImgInfo &) override {
    if (o.objname == "draw what crashes")
      (new CrashesWhenPainted)->AppendPad();
  }
} faulty;
