// Random tables with all that Python cannot build (slices at every level, values behind nulls,
// lists that overlap), loaded into LMDB by the loader itself in every value format, for
// test_random_tables.py.
//
//   load_random FIRST LAST FOLDER    for each seed from FIRST to LAST: the table as an Arrow IPC
//                                    stream FOLDER/<seed>.arrow, and in the environment FOLDER/env
//                                    the tables <seed>/msgpack, <seed>/json, <seed>/arrow_ipc,
//                                    keyed by row number
#include <cstdlib>
#include <iostream>
#include <string>

#include "../random_columns.h"
#include "ampload/loader.h"
#include "ampload/registry.h"
#include "ampload/status.h"
#include "arrow_stream_file.h"
#include "encode/row_format_encoder.h"

namespace ampload {
namespace {

// Some tables are wide, some deep, some of several blocks of the encoders.
std::shared_ptr<arrow::RecordBatch> RandomTable(uint64_t seed) {
  RandomColumns random(seed, {.max_depth = static_cast<int>(1 + seed % 3), .for_python = true});
  const bool is_long = seed % 25 == 0;
  const auto columns = static_cast<int>(is_long ? 8 : 1 + random.Roll(24));
  return random.Batch(columns, is_long ? 1100 : random.Roll(100));
}

Status LoadTables(uint64_t first, uint64_t last, const std::string& folder) {
  const auto registry = LoaderRegistry::BuiltIn();
  ARROW_ASSIGN_OR_RAISE(const auto* lmdb, registry.FindByName("lmdb"));
  for (const auto& format : encode::ValueFormatNames()) {
    ARROW_ASSIGN_OR_RAISE(
        const auto loader,
        lmdb->make({{"path", folder + "/env"}, {"sync", "none"}, {"value_format", format}}));
    ARROW_RETURN_NOT_OK(loader->Connect({}));
    for (uint64_t seed = first; seed <= last; ++seed) {
      const auto batch = RandomTable(seed);
      const std::string name = std::to_string(seed);
      ARROW_RETURN_NOT_OK(SaveArrowStream(*batch, folder + "/" + name + ".arrow"));
      const auto result = loader->LoadBatch(batch, name + "/" + format, {});
      if (!result.success) return DataError("seed=" + name + ": " + result.error);
      if (result.rows_loaded != batch->num_rows()) return DataError("rows are missing: " + name);
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
