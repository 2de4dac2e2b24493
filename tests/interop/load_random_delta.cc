// Random tables with all that Python cannot build, loaded into a folder of Delta tables by the
// loader itself, for test_delta_random.py.
//
//   load_random_delta FIRST LAST FOLDER    for each seed from FIRST to LAST: the table as an Arrow
//                                          IPC stream FOLDER/<seed>.arrow and as the Delta table
//                                          FOLDER/lake/<seed>, or why not in FOLDER/<seed>.refused
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <string>

#include "../random_columns.h"
#include "ampload/loader.h"
#include "ampload/registry.h"
#include "ampload/status.h"
#include "arrow_stream_file.h"

namespace ampload {
namespace {

// Some tables are wide, some deep, some long.
std::shared_ptr<arrow::RecordBatch> RandomTable(uint64_t seed) {
  RandomColumns random(seed, {.max_depth = static_cast<int>(1 + seed % 3),
                              .for_python = true,
                              .for_postgresql = seed % 10 != 0});
  const bool is_long = seed % 25 == 0;
  const auto columns = static_cast<int>(is_long ? 8 : 1 + random.Roll(24));
  return random.Batch(columns, is_long ? 1100 : random.Roll(100));
}

// Large files, and files and row groups of a few rows.
ConfigMap Options(uint64_t seed, const std::string& folder) {
  ConfigMap options = {{"path", folder + "/lake"}, {"durability", "process"}};
  if (seed % 3 == 0) options["target_file_size"] = "1KiB";
  if (seed % 3 != 2) options["row_group_rows"] = "7";
  if (seed % 2 == 0) options["dictionary"] = "false";
  return options;
}

Status LoadTables(uint64_t first, uint64_t last, const std::string& folder) {
  const auto registry = LoaderRegistry::BuiltIn();
  ARROW_ASSIGN_OR_RAISE(const auto* delta, registry.FindByName("deltalake"));
  for (uint64_t seed = first; seed <= last; ++seed) {
    ARROW_ASSIGN_OR_RAISE(const auto loader, delta->make(Options(seed, folder)));
    ARROW_RETURN_NOT_OK(loader->Connect({}));
    const auto batch = RandomTable(seed);
    const std::string name = std::to_string(seed);
    ARROW_RETURN_NOT_OK(SaveArrowStream(*batch, folder + "/" + name + ".arrow"));
    const auto result = loader->LoadBatch(batch, name, {});
    if (!result.success) std::ofstream(folder + "/" + name + ".refused") << result.error;
    if (result.success && result.rows_loaded != batch->num_rows()) {
      return DataError("rows are missing: " + name);
    }
    ARROW_RETURN_NOT_OK(loader->Disconnect());
  }
  return Status::OK();
}

}  // namespace
}  // namespace ampload

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const auto number = [](const char* text) { return std::strtoull(text, nullptr, 10); };
  const auto status = ampload::LoadTables(number(argv[1]), number(argv[2]), argv[3]);
  if (status.ok()) return 0;
  std::cerr << ampload::MessageOf(status) << '\n';
  return 1;
}
