#include <cstdint>
#include <iostream>
#include <memory>
#include <string>

#include "conformance/chain/scaled_logs.h"
#include "conformance/testserver/commands.h"

namespace ampload::conformance {

void AddScaleCommand(CLI::App& app, Status& status) {
  struct Arguments {
    std::string from;
    int64_t rows = 500'000;
    std::string to;
  };
  auto arguments = std::make_shared<Arguments>();
  auto* command = app.add_subcommand(
      "scale",
      "Write many log rows out of few: copies of a file's blocks, each with its own "
      "numbers and hashes.");
  command->add_option("--from", arguments->from, "Parquet file of logs, by block number")
      ->required()
      ->check(CLI::ExistingFile);
  command->add_option("--rows", arguments->rows, "how many rows")
      ->capture_default_str()
      ->check(CLI::NonNegativeNumber);
  command->add_option("--out", arguments->to, "Parquet file to write")->required();
  command->callback([arguments, &status] {
    status = WriteScaledLogs(arguments->from, arguments->rows, arguments->to);
    if (status.ok()) std::cout << arguments->to << ' ' << arguments->rows << " rows\n";
  });
}

}  // namespace ampload::conformance
