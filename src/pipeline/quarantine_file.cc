#include "pipeline/quarantine_file.h"

#include <arrow/array.h>
#include <arrow/array/concatenate.h>
#include <arrow/builder.h>
#include <arrow/io/file.h>
#include <arrow/ipc/reader.h>
#include <arrow/ipc/writer.h>
#include <arrow/util/key_value_metadata.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "ampload/fault_point.h"
#include "source/file/valid_values.h"

namespace ampload::pipeline {
namespace {

namespace fs = std::filesystem;

constexpr int kOwnColumns = 5;

Status SystemError(const std::string& what, const std::string& path) {
  return PermanentError("quarantine: " + what + ": " + std::strerror(errno) + ": path=" + path);
}

Status AtPath(const Status& status, const std::string& path) {
  if (status.ok()) return status;
  return PermanentError("quarantine: " + MessageOf(status) + ": path=" + path);
}

Status SyncFolderOf(const std::string& path) {
  const auto parent = fs::path(path).parent_path();
  const std::string folder = parent.empty() ? "." : parent.string();
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return SystemError("cannot open it", folder);
  const int code = ::fsync(fd);
  const int saved = errno;
  ::close(fd);
  errno = saved;
  return code == 0 ? Status::OK() : SystemError("cannot make it durable", folder);
}

arrow::FieldVector OwnFields() {
  return {arrow::field("_ampload_batch_id", arrow::int64(), false),
          arrow::field("_ampload_row", arrow::int64()),
          arrow::field("_ampload_origin", arrow::utf8(), false),
          arrow::field("_ampload_reason", arrow::utf8(), false),
          arrow::field("_ampload_raw", arrow::binary())};
}

std::shared_ptr<arrow::Schema> FileSchema(const QuarantineContents& contents) {
  auto fields = OwnFields();
  for (const auto& field : contents.source_schema->fields()) {
    fields.push_back(field->WithNullable(true));
  }
  return arrow::schema(std::move(fields),
                       arrow::key_value_metadata({{"ampload.target", contents.header.target},
                                                  {"ampload.table", contents.header.table},
                                                  {"ampload.load", contents.header.load},
                                                  {"ampload.text", contents.header.text}}));
}

Result<arrow::ArrayVector> OwnColumns(const std::vector<QuarantinedRow>& rows) {
  arrow::Int64Builder batch_id;
  arrow::Int64Builder row;
  arrow::StringBuilder origin;
  arrow::StringBuilder reason;
  arrow::BinaryBuilder raw;
  for (const auto& one : rows) {
    ARROW_RETURN_NOT_OK(batch_id.Append(one.batch.value()));
    ARROW_RETURN_NOT_OK(one.bad.ordinal < 0 ? row.AppendNull() : row.Append(one.bad.ordinal));
    ARROW_RETURN_NOT_OK(origin.Append(one.bad.origin));
    ARROW_RETURN_NOT_OK(reason.Append(one.bad.reason));
    ARROW_RETURN_NOT_OK(one.bad.row != nullptr ? raw.AppendNull() : raw.Append(one.bad.raw));
  }
  arrow::ArrayVector columns(kOwnColumns);
  ARROW_RETURN_NOT_OK(batch_id.Finish(&columns[0]));
  ARROW_RETURN_NOT_OK(row.Finish(&columns[1]));
  ARROW_RETURN_NOT_OK(origin.Finish(&columns[2]));
  ARROW_RETURN_NOT_OK(reason.Finish(&columns[3]));
  ARROW_RETURN_NOT_OK(raw.Finish(&columns[4]));
  return columns;
}

Result<std::shared_ptr<arrow::RecordBatch>> ToBatch(const QuarantineContents& contents) {
  ARROW_ASSIGN_OR_RAISE(auto columns, OwnColumns(contents.rows));
  for (int i = 0; i < contents.source_schema->num_fields(); ++i) {
    arrow::ArrayVector values;
    for (const auto& one : contents.rows) {
      if (one.bad.row != nullptr) {
        values.push_back(one.bad.row->column(i));
        continue;
      }
      ARROW_ASSIGN_OR_RAISE(auto null,
                            arrow::MakeArrayOfNull(contents.source_schema->field(i)->type(), 1));
      values.push_back(std::move(null));
    }
    ARROW_ASSIGN_OR_RAISE(auto column, arrow::Concatenate(values));
    columns.push_back(std::move(column));
  }
  return arrow::RecordBatch::Make(FileSchema(contents), static_cast<int64_t>(contents.rows.size()),
                                  std::move(columns));
}

Status WriteFile(const HeldFile& held, const QuarantineContents& contents) {
  ARROW_ASSIGN_OR_RAISE(const auto batch, ToBatch(contents));
  const int fd = ::fcntl(held.fd(), F_DUPFD_CLOEXEC, 0);  // closed by the stream
  if (fd < 0) return Status::IOError(std::strerror(errno));
  ARROW_ASSIGN_OR_RAISE(const auto file, arrow::io::FileOutputStream::Open(fd));
  ARROW_ASSIGN_OR_RAISE(const auto writer, arrow::ipc::MakeFileWriter(file, batch->schema()));
  ARROW_RETURN_NOT_OK(writer->WriteRecordBatch(*batch));
  ARROW_RETURN_NOT_OK(writer->Close());
  return file->Close();
}

template <class Array>
Result<std::shared_ptr<Array>> Own(const arrow::RecordBatch& batch, int index) {
  auto column = std::dynamic_pointer_cast<Array>(batch.column(index));
  if (column == nullptr) return Status::Invalid("not a quarantine: its first columns are others");
  return column;
}

Status AddRows(const std::shared_ptr<arrow::RecordBatch>& batch, QuarantineContents* contents) {
  ARROW_ASSIGN_OR_RAISE(const auto batch_id, Own<arrow::Int64Array>(*batch, 0));
  ARROW_ASSIGN_OR_RAISE(const auto row, Own<arrow::Int64Array>(*batch, 1));
  ARROW_ASSIGN_OR_RAISE(const auto origin, Own<arrow::StringArray>(*batch, 2));
  ARROW_ASSIGN_OR_RAISE(const auto reason, Own<arrow::StringArray>(*batch, 3));
  ARROW_ASSIGN_OR_RAISE(const auto raw, Own<arrow::BinaryArray>(*batch, 4));
  arrow::ArrayVector columns(batch->columns().begin() + kOwnColumns, batch->columns().end());
  const auto source =
      arrow::RecordBatch::Make(contents->source_schema, batch->num_rows(), std::move(columns));
  for (int64_t i = 0; i < batch->num_rows(); ++i) {
    QuarantinedRow one;
    one.batch = BatchId(batch_id->Value(i));
    one.bad.ordinal = row->IsNull(i) ? -1 : row->Value(i);
    one.bad.origin = origin->GetString(i);
    one.bad.reason = reason->GetString(i);
    if (raw->IsNull(i)) {
      one.bad.row = source->Slice(i, 1);
    } else {
      one.bad.raw = raw->GetString(i);
    }
    contents->rows.push_back(std::move(one));
  }
  return Status::OK();
}

std::string MetadataOf(const arrow::Schema& schema, const std::string& key) {
  if (schema.metadata() == nullptr) return {};
  return schema.metadata()->Get(key).ValueOr(std::string());
}

Result<QuarantineContents> ReadFile(const std::string& path) {
  ARROW_ASSIGN_OR_RAISE(const auto file, arrow::io::ReadableFile::Open(path));
  ARROW_ASSIGN_OR_RAISE(const auto reader, arrow::ipc::RecordBatchFileReader::Open(file));
  const auto& schema = *reader->schema();
  const auto own = OwnFields();
  for (int i = 0; i < kOwnColumns; ++i) {
    if (i >= schema.num_fields() ||
        schema.field(i)->name() != own[static_cast<size_t>(i)]->name()) {
      return Status::Invalid("not a quarantine: its first columns are others");
    }
  }
  QuarantineContents contents;
  contents.header = {MetadataOf(schema, "ampload.target"), MetadataOf(schema, "ampload.table"),
                     MetadataOf(schema, "ampload.load"), MetadataOf(schema, "ampload.text")};
  arrow::FieldVector fields(schema.fields().begin() + kOwnColumns, schema.fields().end());
  contents.source_schema = arrow::schema(std::move(fields));
  for (int i = 0; i < reader->num_record_batches(); ++i) {
    ARROW_ASSIGN_OR_RAISE(const auto batch, reader->ReadRecordBatch(i));
    ARROW_RETURN_NOT_OK(source::CheckValues(*batch));
    ARROW_RETURN_NOT_OK(AddRows(batch, &contents));
  }
  return contents;
}

// renameat2(2), or link(2) and unlink(2) where the file system lacks it.
int RenameUnlessThere(const std::string& from, const std::string& to) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return 0;
  if (errno == EINVAL || errno == ENOSYS) {
    if (::link(from.c_str(), to.c_str()) == 0) return ::unlink(from.c_str());
  }
  if (errno != EEXIST) return -1;
  std::error_code error;
  if (fs::equivalent(from, to, error)) return ::unlink(from.c_str());
  errno = EEXIST;
  return -1;
}

Result<HeldFile> WritePartial(const std::string& partial, const QuarantineContents& contents) {
  std::error_code error;
  const auto folder = fs::path(partial).parent_path();
  if (!folder.empty()) fs::create_directories(folder, error);
  ARROW_ASSIGN_OR_RAISE(auto held, HeldFile::New(partial));
  if (!held.has_value()) {
    return ConfigurationError("quarantine: another load is writing it, name another: path=" +
                              partial);
  }
  ARROW_RETURN_NOT_OK(AtPath(WriteFile(*held, contents), partial));
  if (::fsync(held->fd()) != 0) return SystemError("cannot make it durable", partial);
  return std::move(*held);
}

}  // namespace

std::vector<std::string> FilesBeside(const std::string& path) {
  std::vector<std::string> found;
  std::error_code error;
  const auto folder = fs::path(path).parent_path();
  for (fs::directory_iterator at(folder.empty() ? "." : folder, error), end; !error && at != end;
       at.increment(error)) {
    found.push_back((folder / at->path().filename()).string());
  }
  std::sort(found.begin(), found.end());
  return found;
}

Status RenameDurably(const std::string& from, const std::string& to) {
  AMPLOAD_FAULT_POINT("quarantine.rename.before");
  if (::rename(from.c_str(), to.c_str()) != 0) return SystemError("cannot rename it", from);
  AMPLOAD_FAULT_POINT("quarantine.rename.after");
  return SyncFolderOf(to);
}

Status RenameToFreeName(const std::string& from, const std::string& to) {
  AMPLOAD_FAULT_POINT("quarantine.rename.before");
  if (RenameUnlessThere(from, to) != 0) {
    if (errno != EEXIST) return SystemError("cannot rename it", from);
    return ConfigurationError(
        "quarantine: a file of another load has its name, and is not to be lost: move that one "
        "away, and rename this one: path=" +
        from + " name=" + to);
  }
  AMPLOAD_FAULT_POINT("quarantine.rename.after");
  return SyncFolderOf(to);
}

Status RemoveDurably(const std::string& path) {
  if (::unlink(path.c_str()) != 0) {
    return errno == ENOENT ? Status::OK() : SystemError("cannot remove it", path);
  }
  return SyncFolderOf(path);
}

Status WriteQuarantine(const std::string& path, const QuarantineContents& contents) {
  ARROW_RETURN_NOT_OK(WritePartial(path + kPartialSuffix, contents).status());
  return RenameDurably(path + kPartialSuffix, path);
}

Result<HeldFile> WriteNewQuarantine(const std::string& path, const QuarantineContents& contents) {
  ARROW_ASSIGN_OR_RAISE(auto held, WritePartial(path + kPartialSuffix, contents));
  ARROW_RETURN_NOT_OK(RenameToFreeName(path + kPartialSuffix, path));
  return held;
}

Result<QuarantineContents> ReadQuarantine(const std::string& path) {
  auto contents = ReadFile(path);
  if (contents.ok()) return contents;
  return AtPath(contents.status(), path);
}

Status TrimQuarantine(const std::string& path, const std::function<bool(BatchId)>& keep) {
  std::error_code error;
  if (!fs::exists(path, error)) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(auto contents, ReadQuarantine(path));
  const auto before = contents.rows.size();
  std::erase_if(contents.rows, [&](const QuarantinedRow& one) { return !keep(one.batch); });
  if (contents.rows.size() == before) return Status::OK();
  return contents.rows.empty() ? RemoveDurably(path) : WriteQuarantine(path, contents);
}

}  // namespace ampload::pipeline
