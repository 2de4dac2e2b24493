// A loader as someone outside of this repository writes it: the public headers alone.
#include "ampload/data_loader.h"
#include "ampload/plugin.h"

namespace {

struct CountingConfig {
  std::string path;
};

const ampload::OptionTable<CountingConfig>& Options() {
  static const auto* table =
      new ampload::OptionTable<CountingConfig>(ampload::OptionTable<CountingConfig>().Add(
          {.name = "path", .required = true}, &CountingConfig::path));
  return *table;
}

// Loads nothing, counts everything.
class CountingLoader : public ampload::DataLoader<CountingConfig> {
 public:
  explicit CountingLoader(CountingConfig config) : DataLoader("counting", {}, std::move(config)) {}
  ~CountingLoader() override { (void)Disconnect(); }

 protected:
  ampload::Status ConnectImpl(const ampload::CallContext& /*context*/) override {
    if (config().path == "refused") return ampload::TransientError("counting: refused", "ENOENT");
    return ampload::Status::OK();
  }
  ampload::Status DisconnectImpl() override { return ampload::Status::OK(); }
  ampload::Result<int64_t> LoadBatchImpl(const arrow::RecordBatch& batch,
                                         const std::string& /*table*/,
                                         ampload::RowErrors& errors) override {
    for (int64_t row = 0; row < batch.num_rows(); ++row) {
      if (config().path == "bad") ARROW_RETURN_NOT_OK(errors.Add(row, "bad"));
    }
    return config().path == "bad" ? 0 : batch.num_rows();
  }
};

const ampload::LoaderDescriptor& Descriptor() {
  static const auto* descriptor = new ampload::LoaderDescriptor{
      .name = "counting",
      .schemes = {"counting"},
      .summary = "counts rows",
      .example_uri = "counting:anything",
      .client = "none",
      .traits = {},
      .options = Options().specs(),
      .parse_uri = [](std::string_view uri) -> ampload::Result<ampload::ConfigMap> {
        return ampload::ConfigMap{{"path", std::string(uri.substr(uri.find(':') + 1))}};
      },
      .make = [](const ampload::ConfigMap& config)
          -> ampload::Result<std::unique_ptr<ampload::Loader>> {
        ARROW_ASSIGN_OR_RAISE(auto parsed, Options().Parse(config, "counting"));
        return std::make_unique<CountingLoader>(std::move(parsed));
      }};
  return *descriptor;
}

}  // namespace

AMPLOAD_EXPORT_LOADER(Descriptor)
