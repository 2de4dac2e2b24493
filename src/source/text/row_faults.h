// What was found wrong while records were made into rows.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "source/text/declared_text.h"

namespace ampload::source {

// Cells of a chunk of rows that could not be converted; of a row only its first one.
class RowFaults {
 public:
  struct Entry {
    uint32_t row;
    int column;
    Fault fault;
  };

  void Restart(uint32_t rows) {
    entries_.clear();
    bad_.assign(rows, false);
  }
  void Add(uint32_t row, int column, Fault fault) {
    if (bad_[row]) return;
    bad_[row] = true;
    entries_.push_back({row, column, fault});
  }
  const std::vector<Entry>& entries() const { return entries_; }

 private:
  std::vector<Entry> entries_;
  std::vector<bool> bad_;
};

// A value as a message shows it: at most 80 bytes, and nothing that a terminal would act on.
std::string ShownValue(std::string_view value);

// Told apart by their addresses.
inline constexpr char kNotUtf8[] = "not valid UTF-8";

// What to do about a value that its column's type cannot hold. `inferred`: nobody declared the
// type.
std::string Advice(std::string_view column, Fault fault, bool inferred);

}  // namespace ampload::source
