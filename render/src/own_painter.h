// Gives a histogram a painter of this service.
#pragma once
#include <TH1.h>
#include <TVirtualHistPainter.h>

namespace dqmhub {

// Gives access to the protected painter of a histogram; TH1 has no setter for it.
struct PainterOf : TH1 {
  static constexpr TVirtualHistPainter *TH1::*member = &PainterOf::fPainter;
};

// Replaces the painter of a histogram, which takes the ownership.
inline void set_painter(TH1 &histogram, TVirtualHistPainter *own) {
  TVirtualHistPainter *&painter = histogram.*PainterOf::member;
  delete painter;
  painter = own;
  painter->SetHistogram(&histogram);
}

}  // namespace dqmhub
