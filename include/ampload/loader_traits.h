// What a loader can do, declared once; refusals, `ampload loaders`, the docs and the conformance
// suites read it.
#pragma once

#include <string_view>

#include "ampload/load_mode.h"

namespace ampload {

enum class CommitKind {
  kNone,       // no all-or-nothing: streams are refused
  kAtomic,     // always one transaction
  kJournaled,  // several steps that a record or journal makes recoverable
  kTagged,     // Recover deletes its own rows by batch id
};

enum class Visibility {
  kCommit,  // readers see whole commits
  kRow,     // readers may see rows before their commit
};

struct LoaderTraits {
  LoadModes supported_modes = {LoadMode::kAppend};
  bool requires_schema_match =
      false;  // true: a batch whose schema differs from the table's is refused unwritten
  bool supports_transactions = false;
  bool supports_overwrite = false;
  bool supports_streaming = false;
  bool supports_multi_network = false;
  bool supports_null_values = true;
  bool supports_keys = true;  // false: rows have no key columns, and a spec with some is refused
  bool supports_parallel = false;  // TableSpec::parallel may be more than 1
  int max_tables_per_commit = 1;
  CommitKind commit = CommitKind::kNone;
  Visibility visibility = Visibility::kRow;
};

std::string_view ToString(CommitKind kind);
std::string_view ToString(Visibility visibility);

}  // namespace ampload
