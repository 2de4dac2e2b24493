// minimal: a key-value store in a folder. A row is the file <path>/<table>/<key>, an Arrow IPC
// stream; the first column is the key. The columns are in <path>/<table>/.schema, without rows.
#include <ampload/data_loader.h>
#include <ampload/plugin.h>
#include <ampload/row_bytes.h>
#include <arrow/api.h>
#include <arrow/io/api.h>
#include <arrow/ipc/api.h>

#include <filesystem>

#include "minimal_config.h"

namespace {

namespace fs = std::filesystem;
using ampload::FileNameOf, ampload::LoadMode, ampload::Result, ampload::Status;

// Nothing, or why there can be no new file of that name: one that is there stays as it is.
Result<std::string> WriteNew(const fs::path& path, std::string_view bytes) {
  std::FILE* file = std::fopen(path.c_str(), "wbx");
  if (file == nullptr && errno == EEXIST) return "it is there already";
  if (file == nullptr && errno == ENAMETOOLONG) return "it is too long for a file's name";
  const bool written = file != nullptr && std::fwrite(bytes.data(), bytes.size(), 1, file) == 1;
  if (file != nullptr && std::fclose(file) == 0 && written) return "";
  const std::string why = std::strerror(errno);
  if (file != nullptr) fs::remove(path);
  return ampload::PermanentError("minimal: cannot write: " + why + ": path=" + path.string());
}

class MinimalLoader final : public ampload::DataLoader<MinimalConfig> {
 public:
  static constexpr ampload::LoaderTraits kTraits = {
      .supported_modes = {LoadMode::kAppend, LoadMode::kOverwrite},
      .requires_schema_match = true,
      .supports_overwrite = true};
  using DataLoader::DataLoader;
  ~MinimalLoader() override { static_cast<void>(Disconnect()); }

 private:
  fs::path FolderOf(const std::string& t) const { return fs::path(config().path) / FileNameOf(t); }

  // A store of your own: keep its connection as a member. What is thrown becomes a failed call.
  Status ConnectImpl(const ampload::CallContext& /*context*/) override {
    fs::create_directories(config().path);
    return Status::OK();
  }
  Status DisconnectImpl() override { return Status::OK(); }

  Status CreateTableFromSchema(const arrow::Schema& schema, const std::string& table) override {
    fs::create_directory(FolderOf(table));
    ARROW_ASSIGN_OR_RAISE(const auto bytes, arrow::ipc::SerializeSchema(schema));
    return WriteNew(FolderOf(table) / ".schema", bytes->ToString()).status();
  }

  Status ClearTable(const std::string& table) override {
    for (const auto& file : fs::directory_iterator(FolderOf(table))) {
      if (file.path().filename() != ".schema") fs::remove(file);
    }
    return Status::OK();
  }

  // A row that cannot be stored is an error of its own: the others go on.
  Result<int64_t> LoadBatchImpl(const arrow::RecordBatch& batch, const std::string& table,
                                ampload::RowErrors& errors) override {
    ARROW_ASSIGN_OR_RAISE(const auto keys, ampload::ColumnAsText(batch, 0));
    ARROW_ASSIGN_OR_RAISE(const auto rows, RowsAsBytes(batch, ampload::RowFormat::kArrowIpc));
    int64_t loaded = 0;
    for (size_t row = 0; row < rows.size(); ++row) {
      const std::string key = FileNameOf(keys[row].value_or(""));
      std::string why = "it is null or empty";
      if (!key.empty()) {
        ARROW_ASSIGN_OR_RAISE(why, WriteNew(FolderOf(table) / key, rows[row]));
      }
      loaded += why.empty() ? 1 : 0;
      if (!why.empty()) ARROW_RETURN_NOT_OK(errors.Add(row, "bad key: " + why + ": key=" + key));
    }
    return loaded;
  }

  // What `ampload inspect` shows, and what requires_schema_match compares rows with.
  Result<std::optional<ampload::TableInfo>> GetTableInfoImpl(const std::string& table) override {
    if (!fs::exists(FolderOf(table) / ".schema")) return std::nullopt;
    ARROW_ASSIGN_OR_RAISE(auto file, arrow::io::ReadableFile::Open(FolderOf(table) / ".schema"));
    ARROW_ASSIGN_OR_RAISE(auto reader, arrow::ipc::RecordBatchStreamReader::Open(file));
    ampload::TableInfo info = {.exists = true, .schema = reader->schema()};
    info.row_count = std::distance(fs::directory_iterator(FolderOf(table)), {}) - 1;
    return info;
  }
};

const ampload::LoaderDescriptor& Descriptor() {
  static const auto options = ampload::OptionTable<MinimalConfig>().Add(
      {.name = "path", .required = true, .meaning = "folder of the tables"}, &MinimalConfig::path);
  static const auto descriptor = ampload::DescribeLoader<MinimalLoader>(
      {.name = "minimal",
       .summary = "a key-value store in a folder: a file a row",
       .example_uri = "minimal:./rows",
       .traits = MinimalLoader::kTraits},
      options);
  return descriptor;
}

}  // namespace

AMPLOAD_EXPORT_LOADER(Descriptor)
