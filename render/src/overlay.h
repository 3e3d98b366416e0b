// References over a one-dimensional histogram.
#pragma once
#include <TH1.h>

#include <memory>
#include <vector>

#include "spec.h"

namespace dqmhub {

class Overlay {
 public:
  // Scales copies of the references and makes room for them in `main`, which is drawn between here and draw().
  Overlay(TH1 &main, const std::vector<TH1 *> &references, const Spec &spec, bool normalise);
  void draw();

 private:
  const Spec &spec_;
  struct Reference {
    TH1 *histogram;
    size_t number;  // among the objects of the request: picks colour, label and place of the box
  };
  std::vector<Reference> references_;
};

}  // namespace dqmhub
