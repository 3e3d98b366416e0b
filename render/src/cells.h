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

  // Returns whether each cell is a number of entries: others are weighted, or set instead of filled.
  bool count_entries() const;
  // Returns whether a cell has the largest number that it can hold, or be filled up to.
  bool has_full_cell() const;
  // Returns whether ROOT keeps the same sums of both; those that only these cells have can be computed from `early`.
  bool continue_sums_of(const Cells &early) const;

  void subtract(const Cells &early);

 private:
  const TArray &weights() const { return entries_ ? *entries_ : *contents_; }
  const TArrayD &squared_weights() const { return entries_ ? *squared_entries_ : *squares_; }
  void store_polygons() const;

  TH1 &histogram_;
  std::unique_ptr<TArrayD> polygons_;   // copies of the contents of a TH2Poly, which has no array of them
  TArray *contents_;                    // sums of the weights; of a profile sums of weight * y
  TArrayD *squares_;                    // sums of the squares of the above, empty if they are the contents; of a profile of weight * y * y
  TArrayD *entries_ = nullptr;          // of a profile: sums of the weights
  TArrayD *squared_entries_ = nullptr;  // of a profile: sums of the squared weights, empty if they are the weights
};

}  // namespace dqmhub
