// Files as one load: paths, globs and folders of files whose schemas agree; standard input.
#pragma once

#include <arrow/memory_pool.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ampload/call_context.h"
#include "ampload/source.h"
#include "ampload/status.h"
#include "source/file/file_format.h"
#include "source/text/record_reader.h"

namespace ampload::source {

struct FileSourceOptions {
  // Files, globs (also ** and {a,b}), folders (every file of a known suffix below, see
  // FormatOfName), the same on S3 (s3_expansion.h), "-" for standard input (once).
  std::vector<std::string> paths;
  std::vector<std::string> columns;  // in this order; empty: all
  std::string where;                 // see where_clause.h; empty: all rows
  std::optional<int64_t> limit;      // at most so many rows
  int64_t batch_bytes = 8 << 20;     // a batch is cut to about this many bytes of Arrow memory

  // --format: what all files are. nullopt: told by the first bytes, for text by the suffix.
  std::optional<Format> format;
  TextOptions text;              // for CSV and NDJSON; `types` for folder columns too
  bool delimiter_given = false;  // text.delimiter is the user's: it holds for *.tsv too, else a tab
  // Records that cannot become rows go into SourceBatch.bad; false: the first of them fails the
  // load. Text only: other formats have no such records.
  bool keep_bad_records = false;

  // key=value folders below a given folder become columns behind the files' own, see
  // folder_columns.h. A `where` on them alone leaves out whole files. --no-hive: false.
  bool hive = true;

  // Where all batches and all buffers of the readers are allocated; it must outlive the source and
  // its batches. Null: Arrow's default. What it refuses is a permanent error that says --memory.
  arrow::MemoryPool* pool = nullptr;

  // What OpenFileSource itself waits under: for S3, and for standard input's first bytes.
  CallContext context;
  int standard_input = 0;  // the descriptor that "-" stands for
};

// Opens every file and compares schemas before the first row is read. Errors name the file and say
// what to do. Configuration: nothing matches a path, missing, given twice, a format that cannot be
// read, several formats, an unknown column (nearest right name), a wrong `where`, a missing bucket,
// a column both in files and in folders. Data: schemas that differ (column by column), duplicate
// column names, values that Arrow does not allow. Permanent: unreadable, empty, truncated, damaged,
// changed while loaded, too large for the pool, denied by S3. Transient: S3 does not answer.
//
// The schema is nullable where one file's is and carries no metadata. Rows come in the order of the
// paths as given; below a glob or a folder in name order. Nothing is read ahead: memory is about
// one batch (of Arrow IPC: one batch as it was written), and a page and a small buffer a column.
Result<std::unique_ptr<Source>> OpenFileSource(const FileSourceOptions& options);

}  // namespace ampload::source
