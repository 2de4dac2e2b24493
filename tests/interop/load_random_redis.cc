// Random tables with all that Python cannot build, loaded into Redis by the loader itself, for
// test_redis_random.py. The first column tells the row's number, so that no row is without a field.
//
//   load_random_redis FIRST LAST FOLDER URI    for each seed from FIRST to LAST: the table as an
//                                              Arrow IPC stream FOLDER/<seed>.arrow and, in each
//                                              shape, as the table random_<shape>_<seed>
#include <arrow/builder.h>

#include <cstdlib>
#include <iostream>
#include <map>
#include <string>

#include "../random_columns.h"
#include "ampload/loader.h"
#include "ampload/registry.h"
#include "ampload/status.h"
#include "arrow_stream_file.h"
#include "loader/config_file.h"
#include "loader/target.h"

namespace ampload {
namespace {

const std::map<std::string, ConfigMap> kShapes = {
    {"hash", {{"structure", "hash"}}},
    {"hash_hex", {{"structure", "hash"}, {"binary", "hex"}}},
    {"json", {{"structure", "string"}, {"value_format", "json"}}},
    {"msgpack", {{"structure", "string"}, {"value_format", "msgpack"}}},
    {"stream", {{"structure", "stream"}}},
};

// Some tables are wide, some deep, some long.
Result<std::shared_ptr<arrow::RecordBatch>> RandomTable(uint64_t seed) {
  RandomColumns random(seed, {.max_depth = static_cast<int>(1 + seed % 3), .for_python = true});
  const bool is_long = seed % 25 == 0;
  const auto columns = static_cast<int>(is_long ? 8 : 1 + random.Roll(24));
  const auto batch = random.Batch(columns, is_long ? 1100 : random.Roll(100));
  arrow::Int64Builder numbers;
  for (int64_t i = 0; i < batch->num_rows(); ++i) ARROW_RETURN_NOT_OK(numbers.Append(i));
  ARROW_ASSIGN_OR_RAISE(const auto column, numbers.Finish());
  return batch->AddColumn(0, "number", column);
}

Status LoadTables(uint64_t first, uint64_t last, const std::string& folder,
                  const std::string& uri) {
  const auto registry = LoaderRegistry::BuiltIn();
  ARROW_ASSIGN_OR_RAISE(const auto target, ResolveTarget(registry, ConfigFile{}, uri));
  for (const auto& [shape, options] : kShapes) {
    ConfigMap config = target.config;
    for (const auto& [name, value] : options) config[name] = value;
    ARROW_ASSIGN_OR_RAISE(const auto loader, target.descriptor->make(config));
    ARROW_RETURN_NOT_OK(loader->Connect({}));
    for (uint64_t seed = first; seed <= last; ++seed) {
      ARROW_ASSIGN_OR_RAISE(const auto batch, RandomTable(seed));
      const std::string name = std::to_string(seed);
      ARROW_RETURN_NOT_OK(SaveArrowStream(*batch, folder + "/" + name + ".arrow"));
      const auto result = loader->LoadBatch(batch, "random_" + shape + "_" + name, {});
      if (!result.success) return DataError(shape + " seed=" + name + ": " + result.error);
      if (result.rows_loaded != batch->num_rows()) return DataError("rows are missing: " + name);
    }
    ARROW_RETURN_NOT_OK(loader->Disconnect());
  }
  return Status::OK();
}

}  // namespace
}  // namespace ampload

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  const auto number = [](const char* text) { return std::strtoull(text, nullptr, 10); };
  const auto status = ampload::LoadTables(number(argv[1]), number(argv[2]), argv[3], argv[4]);
  if (status.ok()) return 0;
  std::cerr << ampload::MessageOf(status) << '\n';
  return 1;
}
