// What becomes of each column's values in a store: the answer to "is anything changed?".
#pragma once

#include <arrow/type.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ampload {

enum class Fidelity {
  kExact,     // every value comes back equal, in a type of the store's that means the same
  kDeclared,  // every value comes back equal, in another shape, which is documented
  kLossy,     // values change; refused unless the user allows that very loss by its name
  kRefused,   // cannot be stored
};

std::string_view ToString(Fidelity fidelity);  // "exact", "declared", "lossy", "refused"

// One column in one store.
struct ColumnPlan {
  std::string column = {};
  std::shared_ptr<arrow::DataType> type = {};
  std::string stored_as = {};  // the store's type or the shape of the value; empty where refused
  Fidelity fidelity = Fidelity::kExact;
  std::string loss = {};  // kLossy: the name that --allow takes
  std::string note = {};  // kDeclared, kLossy, kRefused: what changes or why, for a person
  bool by_value = false;  // kLossy: only some values change; each is a bad row unless allowed
};

// What a load would do to one table. Made without writing.
struct TablePlan {
  bool table_exists = false;
  std::vector<std::string> layout;      // DDL statements, or lines that say how rows are laid out
  std::vector<ColumnPlan> columns;      // in the schema's order
  std::optional<double> bytes_per_row;  // as stored, measured on a sample; nullopt: no sample
  int64_t step_bytes = 0;               // a larger load is written in steps of this size; 0: whole
};

// One line of a store's type table, for people.
struct TypeRule {
  std::string arrow;  // "decimal256(p, s)"
  std::string stored_as;
  Fidelity fidelity = Fidelity::kExact;
  std::string loss;
  std::string note;
};

// A store's types; one that has several value formats has a table for each.
struct TypeTable {
  std::string format;  // "msgpack"; empty where there is one
  std::vector<TypeRule> rules;
};

}  // namespace ampload
