// snapshot: a table is one file, in which rows and checkpoints stand together. A commit writes a
// new file and puts it in the old one's place: readers see the one or the other, whole.
//
//   <path>/<table>/current   an Arrow IPC stream: the rows. In its schema's metadata:
//       identity             the table's own; "" while there is no table, only pipelines that begin
//       last_load            the last load without a pipeline
//       checkpoint           JSON; one entry a pipeline
//   <path>/<table>/next      what the next commit writes; means nothing
//   <path>/<table>/lock      held while `current` is read and replaced
#pragma once

#include <ampload/checkpoint.h>
#include <arrow/table.h>

#include <filesystem>

// What the file says. `rows` is never null; without a table it has no columns.
struct TableFile {
  std::string identity;
  std::string last_load;
  std::vector<ampload::Checkpoint> checkpoints;
  std::shared_ptr<arrow::Table> rows;

  bool exists() const { return !identity.empty(); }
  ampload::Checkpoint* FindPipeline(const std::string& name);
};

// A missing file is one that says nothing.
ampload::Result<TableFile> ReadTableFile(const std::filesystem::path& folder);

// After OK the new file is there, also after a power cut. After a failure the old one is, as it
// was.
ampload::Status ReplaceTableFile(const std::filesystem::path& folder, const TableFile& file);

// Makes the folder and holds its lock, which ends with the value or with the process.
class TableLock {
 public:
  static ampload::Result<TableLock> Take(const std::filesystem::path& folder);
  TableLock(TableLock&& other) noexcept : descriptor_(other.descriptor_) { other.descriptor_ = -1; }
  TableLock(const TableLock&) = delete;
  TableLock& operator=(const TableLock&) = delete;
  ~TableLock();

 private:
  explicit TableLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};
