#include "source/file/open_files.h"

#include <fmt/format.h>

#include <utility>

#include "source/file/folder_columns.h"
#include "source/file/path_expansion.h"
#include "source/file/schema_union.h"
#include "source/file/text_scan.h"
#include "source/file/where_clause.h"
#include "source/input/open_input.h"

namespace ampload::source {
namespace {

using SchemaPtr = std::shared_ptr<arrow::Schema>;

Status CheckOneFormat(const FileInfo& first, const FileInfo& other) {
  const auto one = FormatOf(first.format);
  const auto two = FormatOf(other.format);
  if (one == two) return Status::OK();
  return ConfigurationError(
      fmt::format("source: a load reads files of one format; load them apart, or narrow the paths "
                  "(a glob, --format): {}={} {}={}",
                  ToString(one), first.path(), ToString(two), other.path()));
}

Result<SchemaPtr> UniteFiles(const std::vector<FileInfo>& files, const ReadOptions& read) {
  const auto format = FormatOf(files.front().format);
  if (format == Format::kCsv || format == Format::kNdjson) return UniteTextFiles(files, read);
  std::vector<FileSchema> schemas;
  schemas.reserve(files.size());
  for (const auto& file : files) schemas.push_back({file.path(), file.schema});
  return UniteSchemas(schemas);
}

Result<SchemaPtr> WithFolderColumns(const arrow::Schema& schema, const FolderColumns& folders,
                                    const std::string& path) {
  auto fields = schema.fields();
  for (const auto& field : folders.fields) {
    if (schema.GetFieldIndex(field->name()) >= 0) {
      return ConfigurationError(
          fmt::format("source: a column is in the files and in the names of their folders; "
                      "--no-hive takes it from the files: column={} path={}",
                      field->name(), path));
    }
    fields.push_back(field);
  }
  return arrow::schema(std::move(fields));
}

// --types names columns of text and of folders alone.
Status CheckTypes(const FileInfo& file, const ReadOptions& read) {
  const auto format = FormatOf(file.format);
  if (format == Format::kCsv || format == Format::kNdjson || read.text.types.empty()) {
    return Status::OK();
  }
  return ConfigurationError(fmt::format(
      "source: --types is for CSV, NDJSON and columns in the names of folders; {} files "
      "say their types themselves: column={} path={}",
      ToString(format), read.text.types.begin()->first, file.path()));
}

ReadOptions ReadOptionsOf(const FileSourceOptions& options) {
  ReadOptions read;
  if (options.pool != nullptr) read.pool = options.pool;
  read.format = options.format;
  read.text = options.text;
  read.delimiter_given = options.delimiter_given;
  read.keep_bad = options.keep_bad_records;
  return read;
}

// Looks at the files one after the other; those that the filter rules out are not looked at, but
// for the first, whose columns the filter is read with.
class Opening {
 public:
  Opening(const FileSourceOptions& options, std::shared_ptr<ReadContext> context)
      : options_(options), context_(std::move(context)), read_(ReadOptionsOf(options)) {}

  Result<FileLoad> Run() {
    ARROW_ASSIGN_OR_RAISE(found_, ExpandPaths(options_.paths, options_.format, context_));
    folders_.values.resize(found_.size());
    if (options_.hive) {
      ARROW_ASSIGN_OR_RAISE(folders_, ReadFolderColumns(found_, read_.text.types));
    }
    for (const auto& field : folders_.fields) read_.text.types.erase(field->name());

    ARROW_ASSIGN_OR_RAISE(auto first, Inspect(0));
    ARROW_RETURN_NOT_OK(CheckTypes(first, read_));
    ARROW_ASSIGN_OR_RAISE(const auto kept, KeptFiles(first));
    std::vector<FileInfo> infos;
    if (kept.empty() || kept.front() != 0) infos.push_back(first);
    for (const size_t i : kept) {
      if (i == 0) {
        infos.push_back(first);
        continue;
      }
      ARROW_ASSIGN_OR_RAISE(auto info, Inspect(i));
      ARROW_RETURN_NOT_OK(CheckOneFormat(first, info));
      infos.push_back(std::move(info));
    }
    ARROW_ASSIGN_OR_RAISE(const auto united, UniteFiles(infos, read_));
    ARROW_ASSIGN_OR_RAISE(auto schema, WithFolderColumns(*united, folders_, first.path()));

    FileLoad load;
    ARROW_ASSIGN_OR_RAISE(load.plan, MakeScanPlan(std::move(schema), united->num_fields(),
                                                  options_.columns, options_.where));
    load.read = read_;
    const size_t unread = infos.size() - kept.size();
    for (size_t i = 0; i < kept.size(); ++i) {
      load.files.push_back({std::move(infos[unread + i]), std::move(folders_.values[kept[i]])});
    }
    return load;
  }

 private:
  Result<FileInfo> Inspect(size_t index) {
    ARROW_RETURN_NOT_OK(context_->Get().Check());
    InputOptions inputs{read_.pool, context_, options_.standard_input};
    ARROW_ASSIGN_OR_RAISE(auto input, OpenInput(found_[index], inputs));
    return InspectFile(std::move(input), read_);
  }

  Result<std::vector<size_t>> KeptFiles(const FileInfo& first) {
    std::optional<arrow::compute::Expression> filter;
    SchemaPtr schema;
    if (!options_.where.empty() && !folders_.fields.empty()) {
      ARROW_ASSIGN_OR_RAISE(const auto united, UniteFiles({first}, read_));
      ARROW_ASSIGN_OR_RAISE(schema, WithFolderColumns(*united, folders_, first.path()));
      ARROW_ASSIGN_OR_RAISE(filter, ParseWhere(options_.where, *schema));
    }
    std::vector<size_t> kept;
    for (size_t i = 0; i < found_.size(); ++i) {
      bool keep = true;
      if (filter.has_value()) {
        ARROW_ASSIGN_OR_RAISE(keep, MayPass(*filter, *schema, folders_.fields, folders_.values[i]));
      }
      if (keep) kept.push_back(i);
    }
    return kept;
  }

  const FileSourceOptions& options_;
  const std::shared_ptr<ReadContext> context_;
  ReadOptions read_;
  std::vector<FoundInput> found_;
  FolderColumns folders_;
};

}  // namespace

Result<FileLoad> OpenFiles(const FileSourceOptions& options,
                           const std::shared_ptr<ReadContext>& context) {
  return Opening(options, context).Run();
}

}  // namespace ampload::source
