// The cells of a histogram, whatever its class: the sums that ROOT keeps of the entries in each.
#pragma once
#include <TArrayD.h>
#include <TH1.h>

#include <memory>

namespace dqmhub {

class Cells {
 public:
  // The arrays must be whole, as `decode` checks. The histogram must outlive its cells.
  explicit Cells(TH1 &histogram);

  int size() const { return weights().GetSize(); }
  double weight(int cell) const { return weights().GetAt(cell); }
  double squared_weight(int cell) const { return squared_weights().GetSize() ? squared_weights().GetAt(cell) : weight(cell); }

  // Returns whether all contents and sums are finite.
  bool are_finite() const;
  // Returns whether the weights add up to `sum`, which ROOT keeps of the entries in range, or of all if it is told to. Those that are
  // set instead of filled do not.
  bool add_up_to(double sum) const;
  // Returns whether a cell holds so much that it cannot be filled any further, or not exactly.
  bool has_full_cell() const;
  // Returns whether no sum that only grows while a histogram is filled is smaller than in `early`: those of squares, or of the
  // weights where they are the same.
  bool have_grown_since(const Cells &early) const;
  // Returns whether ROOT keeps the same sums of both; those that only these cells have can be computed from `early`.
  bool continue_sums_of(const Cells &early) const;

  void subtract(const Cells &early);

 private:
  const TArray &weights() const { return entries_ ? *entries_ : *contents_; }
  const TArrayD &squared_weights() const { return entries_ ? *squared_entries_ : *squares_; }
  bool is_outside(int cell) const;
  void store_polygons() const;

  TH1 &histogram_;
  std::unique_ptr<TArrayD> polygons_;   // copies of the contents of a TH2Poly, which has no array of them
  TArray *contents_;                    // sums of the weights; of a profile sums of weight * y
  TArrayD *squares_;                    // sums of the squares of the above, empty if they are the contents; of a profile of weight * y * y
  TArrayD *entries_ = nullptr;          // of a profile: sums of the weights
  TArrayD *squared_entries_ = nullptr;  // of a profile: sums of the squared weights, empty if they are the weights
};

}  // namespace dqmhub
