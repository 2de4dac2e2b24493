// The file of rows that loads set aside: an Arrow IPC file that any Arrow reader opens, so that a
// person can look, mend, and load the rows again.
//
//   _ampload_batch_id  int64    the batch that the row was part of; 0: a load without a stream
//   _ampload_row       int64    its place in the load, from 0; null: it never became a row
//   _ampload_origin    string   the file that it comes from
//   _ampload_reason    string   why
//   _ampload_raw       string   its text, where it never became a row; else null
//   ...                         the source's columns, all nullable
//
// Metadata of its schema: ampload.target, ampload.table, ampload.load (the load's or the pipeline's
// id), and ampload.text (how to read _ampload_raw: the options of the text file that it comes from,
// JSON).
#pragma once

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ampload/batch_id.h"
#include "ampload/status.h"
#include "pipeline/bad_rows.h"
#include "pipeline/held_file.h"

namespace ampload::pipeline {

// Of a file that is being written.
inline constexpr char kPartialSuffix[] = ".partial";

struct QuarantinedRow {
  BatchId batch;
  BadRow bad;
};

struct QuarantineHeader {
  std::string target;  // the store, as a user writes it without secrets; the same from every folder
  std::string table;
  std::string load;
  std::string text;  // JSON, or empty
};

struct QuarantineContents {
  QuarantineHeader header;
  std::shared_ptr<arrow::Schema> source_schema;
  std::vector<QuarantinedRow> rows;
};

// Writes the whole file beside `path`, makes it durable and gives it its name: after a crash the
// old or the new file is there. Permanent errors name the path.
Status WriteQuarantine(const std::string& path, const QuarantineContents& contents);
// The same for a file that is not there yet; one that is stays as it is, and is an error. The file
// is held from before it has its name.
Result<HeldFile> WriteNewQuarantine(const std::string& path, const QuarantineContents& contents);

// Permanent: missing, damaged; data: not a quarantine.
Result<QuarantineContents> ReadQuarantine(const std::string& path);

// Leaves the rows of the batches that `keep` says yes to; a file without rows is removed. A missing
// file is fine. For Recover (batches after the last committed one) and Undo (batches taken back).
Status TrimQuarantine(const std::string& path, const std::function<bool(BatchId)>& keep);

// Every file in the folder of `path`, itself included, in name order; none where there is no
// folder.
std::vector<std::string> FilesBeside(const std::string& path);

// rename(2) and the folder's fsync.
Status RenameDurably(const std::string& from, const std::string& to);
// The same, but a file that has the name `to` already keeps it: a configuration error, and `from`
// stays. Where the file system has no such rename, a crash may leave one file with both names; the
// next call with them removes `from`.
Status RenameToFreeName(const std::string& from, const std::string& to);
// The same for unlink(2); a missing file is fine.
Status RemoveDurably(const std::string& path);

}  // namespace ampload::pipeline
