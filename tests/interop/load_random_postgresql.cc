// Random tables with all that Python cannot build, loaded into PostgreSQL by the loader itself, for
// test_postgresql_random.py. No value is finer than a microsecond.
//
//   load_random_postgresql FIRST LAST FOLDER URI    for each seed from FIRST to LAST: the table as
//                                                   an Arrow IPC stream FOLDER/<seed>.arrow and as
//                                                   the table random_<seed>; where that is refused,
//                                                   the error in FOLDER/<seed>.refused
#include <cstdlib>
#include <fstream>
#include <iostream>
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

// Some tables are wide, some deep, some long.
std::shared_ptr<arrow::RecordBatch> RandomTable(uint64_t seed) {
  RandomColumns random(
      seed,
      {.max_depth = static_cast<int>(1 + seed % 3), .for_python = true, .for_postgresql = true});
  const bool is_long = seed % 25 == 0;
  const auto columns = static_cast<int>(is_long ? 8 : 1 + random.Roll(24));
  return random.Batch(columns, is_long ? 1100 : random.Roll(100));
}

Status LoadTables(uint64_t first, uint64_t last, const std::string& folder,
                  const std::string& uri) {
  const auto registry = LoaderRegistry::BuiltIn();
  ARROW_ASSIGN_OR_RAISE(const auto target, ResolveTarget(registry, ConfigFile{}, uri));
  ARROW_ASSIGN_OR_RAISE(const auto loader, target.descriptor->make(target.config));
  ARROW_RETURN_NOT_OK(loader->Connect({}));
  for (uint64_t seed = first; seed <= last; ++seed) {
    const auto batch = RandomTable(seed);
    const std::string name = std::to_string(seed);
    ARROW_RETURN_NOT_OK(SaveArrowStream(*batch, folder + "/" + name + ".arrow"));
    const auto result = loader->LoadBatch(batch, "random_" + name, {});
    if (!result.success) {
      std::ofstream(folder + "/" + name + ".refused") << result.error;
    } else if (result.rows_loaded != batch->num_rows()) {
      return DataError("rows are missing: " + name);
    }
  }
  return loader->Disconnect();
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
