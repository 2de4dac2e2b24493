// A Delta table as Arrow columns, past the loader: its log is replayed here anew, from its first
// entry on, in the simplest way; no checkpoint, no statistics. Data files are read with Arrow.
#pragma once

#include <arrow/table.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lake/object_store.h"

namespace ampload::conformance {

struct DeltaFile {
  std::string path;                                             // decoded
  std::map<std::string, std::optional<std::string>> partition;  // by physical name
  std::optional<int64_t> rows;                                  // as its statistics say
};

// What the log's entries come to.
struct DeltaState {
  std::shared_ptr<arrow::Schema> schema;
  std::vector<std::string> physical;  // the columns' names in files
  std::vector<DeltaFile> files;
};

// nullopt: there is no log. A data error for what no entry of ours has: a version that is missing,
// a file that is added twice or removed without being there, a deletion vector.
Result<std::optional<DeltaState>> ReadDeltaState(lake::ObjectStore& table);

// All rows, in the schema's columns. A data error where a file's statistics count other rows than
// it has.
Result<std::shared_ptr<arrow::Table>> ReadDeltaRows(lake::ObjectStore& table,
                                                    const DeltaState& state);

}  // namespace ampload::conformance
