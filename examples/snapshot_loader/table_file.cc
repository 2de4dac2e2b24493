#include "table_file.h"

#include <ampload/checkpoint_json.h>
#include <ampload/fault_point.h>
#include <arrow/api.h>
#include <arrow/io/api.h>
#include <arrow/ipc/api.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace fs = std::filesystem;
using ampload::Checkpoint, ampload::Result, ampload::Status;

namespace {

Status Failure(const std::string& what, const fs::path& path) {
  return ampload::PermanentError("snapshot: cannot " + what + ": " + std::strerror(errno) +
                                 ": path=" + path.string());
}

// A file or a folder, onto the disk.
Status Sync(const fs::path& path) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return Failure("open", path);
  const bool synced = fsync(descriptor) == 0;
  const Status failure = synced ? Status::OK() : Failure("sync", path);
  close(descriptor);
  return failure;
}

Status WriteRows(const fs::path& path, const TableFile& file) {
  auto metadata = std::make_shared<arrow::KeyValueMetadata>();
  metadata->Append("identity", file.identity);
  metadata->Append("last_load", file.last_load);
  for (const auto& one : file.checkpoints) metadata->Append("checkpoint", ampload::ToJson(one));
  const auto rows = file.rows->ReplaceSchemaMetadata(metadata);
  ARROW_ASSIGN_OR_RAISE(auto out, arrow::io::FileOutputStream::Open(path.string()));
  ARROW_ASSIGN_OR_RAISE(auto writer, arrow::ipc::MakeStreamWriter(out, rows->schema()));
  ARROW_RETURN_NOT_OK(writer->WriteTable(*rows));
  ARROW_RETURN_NOT_OK(writer->Close());
  return out->Close();
}

}  // namespace

Checkpoint* TableFile::FindPipeline(const std::string& name) {
  for (auto& one : checkpoints) {
    if (one.pipeline == name) return &one;
  }
  return nullptr;
}

Result<TableFile> ReadTableFile(const fs::path& folder) {
  TableFile file;
  ARROW_ASSIGN_OR_RAISE(file.rows, arrow::Table::MakeEmpty(arrow::schema({})));
  if (!fs::exists(folder / "current")) return file;
  ARROW_ASSIGN_OR_RAISE(auto in, arrow::io::ReadableFile::Open(folder / "current"));
  ARROW_ASSIGN_OR_RAISE(auto reader, arrow::ipc::RecordBatchStreamReader::Open(in));
  ARROW_ASSIGN_OR_RAISE(const auto rows, reader->ToTable());
  const auto metadata = rows->schema()->metadata();
  for (int64_t i = 0; metadata != nullptr && i < metadata->size(); ++i) {
    if (metadata->key(i) == "identity") file.identity = metadata->value(i);
    if (metadata->key(i) == "last_load") file.last_load = metadata->value(i);
    if (metadata->key(i) != "checkpoint") continue;
    ARROW_ASSIGN_OR_RAISE(file.checkpoints.emplace_back(),
                          ampload::CheckpointFromJson(metadata->value(i)));
  }
  file.rows = rows->ReplaceSchemaMetadata(nullptr);
  return file;
}

Status ReplaceTableFile(const fs::path& folder, const TableFile& file) {
  AMPLOAD_FAULT_POINT("snapshot.write.before");
  ARROW_RETURN_NOT_OK(WriteRows(folder / "next", file));
  ARROW_RETURN_NOT_OK(Sync(folder / "next"));
  AMPLOAD_FAULT_POINT("snapshot.rename.before");
  if (std::rename((folder / "next").c_str(), (folder / "current").c_str()) != 0) {
    return Failure("put the new file in place", folder);
  }
  AMPLOAD_FAULT_POINT("snapshot.rename.after");
  return Sync(folder);
}

Result<TableLock> TableLock::Take(const fs::path& folder) {
  fs::create_directories(folder);
  const fs::path path = folder / "lock";
  TableLock lock(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
  if (lock.descriptor_ < 0 || flock(lock.descriptor_, LOCK_EX) != 0) return Failure("lock", path);
  return lock;
}

TableLock::~TableLock() {
  if (descriptor_ >= 0) close(descriptor_);
}
