// Files as one load: paths, globs and folders of Parquet files whose schemas agree.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ampload/source.h"
#include "ampload/status.h"

namespace ampload::source {

struct FileSourceOptions {
  std::vector<std::string>
      paths;  // files, globs (also ** and {a,b}), folders (every *.parquet below)
  std::vector<std::string> columns;  // in this order; empty: all
  std::string where;                 // see where_clause.h; empty: all rows
  std::optional<int64_t> limit;      // at most so many rows
  int64_t batch_bytes = 8 << 20;     // a batch is cut to about this many bytes of Arrow memory
};

// Opens every file and compares schemas before the first row is read. Errors name the file and say
// what to do. Configuration: nothing matches a path, missing, given twice, not Parquet, an unknown
// column (nearest right name), a wrong `where`. Data: schemas that differ (column by column),
// duplicate column names. Permanent: unreadable, empty, truncated, damaged, changed while loaded.
//
// The schema is nullable where one file's is and carries no metadata. Rows come in the order of the
// paths as given; below a glob or a folder in name order. Nothing is read ahead: memory is about
// one batch, and a page and a small buffer a column.
Result<std::unique_ptr<Source>> OpenFileSource(const FileSourceOptions& options);

}  // namespace ampload::source
