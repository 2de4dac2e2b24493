// The smallest loader there is: the simple level, which keeps nothing but a count of rows in a
// file.
#include <ampload/data_loader.h>
#include <ampload/options.h>
#include <ampload/plugin.h>

#include <cstdint>
#include <fstream>
#include <memory>
#include <string>

namespace rowcount {

struct RowCountConfig {
  std::string path;
};

const ampload::OptionTable<RowCountConfig>& Options() {
  static const auto* table =
      new ampload::OptionTable<RowCountConfig>(ampload::OptionTable<RowCountConfig>().Add(
          {.name = "path", .required = true, .meaning = "file that gets one line a batch"},
          &RowCountConfig::path));
  return *table;
}

class RowCountLoader final : public ampload::DataLoader<RowCountConfig> {
 public:
  using DataLoader::DataLoader;
  ~RowCountLoader() override { static_cast<void>(Disconnect()); }

 private:
  ampload::Status ConnectImpl(const ampload::CallContext& /*context*/) override {
    out_.open(config().path, std::ios::app);
    if (!out_) return ampload::PermanentError("rowcount: cannot write: path=" + config().path);
    return ampload::Status::OK();
  }
  ampload::Status DisconnectImpl() override {
    out_.close();
    return ampload::Status::OK();
  }
  ampload::Result<int64_t> LoadBatchImpl(const arrow::RecordBatch& batch, const std::string& table,
                                         ampload::RowErrors& /*errors*/) override {
    out_ << table << ' ' << batch.num_rows() << std::endl;
    return batch.num_rows();
  }

  std::ofstream out_;
};

const ampload::LoaderDescriptor& Descriptor() {
  static const auto* descriptor = new ampload::LoaderDescriptor{
      .name = "rowcount",
      .schemes = {"rowcount"},
      .summary = "counts rows into a text file",
      .example_uri = "rowcount:rows.txt",
      .client = "none",
      .traits = {},
      .options = Options().specs(),
      .parse_uri = [](std::string_view uri) -> ampload::Result<ampload::ConfigMap> {
        return ampload::ConfigMap{{"path", std::string(uri.substr(uri.find(':') + 1))}};
      },
      .make = [](const ampload::ConfigMap& config)
          -> ampload::Result<std::unique_ptr<ampload::Loader>> {
        ARROW_ASSIGN_OR_RAISE(auto parsed, Options().Parse(config, "rowcount"));
        return std::make_unique<RowCountLoader>("rowcount", ampload::LoaderTraits{}, parsed);
      }};
  return *descriptor;
}

}  // namespace rowcount

AMPLOAD_EXPORT_LOADER(rowcount::Descriptor)
