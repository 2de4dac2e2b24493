// The four ways of loading, under the specification's names.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "ampload/status.h"

namespace ampload {

enum class LoadMode {
  kAppend,     // adds rows
  kOverwrite,  // replaces the table's rows
  kUpsert,     // key columns decide: the row is inserted or replaced whole
  kMerge,      // key columns decide: matched rows take the columns that the source has, `_op` says
               // otherwise
};

// "append", "overwrite", "upsert", "merge".
std::string_view ToString(LoadMode mode);

// The mode of that name; else a configuration error that names the four.
Result<LoadMode> ParseLoadMode(std::string_view text);

// A small value set of modes.
class LoadModes {
 public:
  constexpr LoadModes(std::initializer_list<LoadMode> modes) {
    for (LoadMode mode : modes) bits_ |= 1U << static_cast<unsigned>(mode);
  }
  constexpr bool contains(LoadMode mode) const {
    return ((bits_ >> static_cast<unsigned>(mode)) & 1U) != 0;
  }
  std::vector<LoadMode> ToVector() const;
  std::string ToString() const;  // "append, overwrite"

 private:
  unsigned bits_ = 0;
};

// What an append does with a row whose key the table already has. Only stores with keys ask.
enum class DuplicatePolicy { kFail, kReplace };

std::string_view ToString(DuplicatePolicy policy);
Result<DuplicatePolicy> ParseDuplicatePolicy(std::string_view text);

// What a load does with rows whose columns differ from the table's. Evolve: new nullable columns
// are added and types are widened where every old value stays as it is; all else is refused.
// Freeze: every difference is refused, with an explanation.
enum class SchemaPolicy { kFreeze, kEvolve };

std::string_view ToString(SchemaPolicy policy);
Result<SchemaPolicy> ParseSchemaPolicy(std::string_view text);

}  // namespace ampload
