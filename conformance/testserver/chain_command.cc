#include <cstdint>
#include <iostream>
#include <memory>
#include <string>

#include "conformance/chain/chain_files.h"
#include "conformance/testserver/commands.h"

namespace ampload::conformance {
namespace {

struct Arguments {
  ChainOptions chain;
  uint64_t blocks = 100;
  std::string folder;
};

Status Run(const Arguments& arguments) {
  ARROW_ASSIGN_OR_RAISE(
      const auto rows, WriteChainFiles(Chain(arguments.chain), arguments.blocks, arguments.folder));
  std::cout << arguments.folder << "/blocks.parquet " << rows.blocks << " rows\n"
            << arguments.folder << "/transactions.parquet " << rows.transactions << " rows\n"
            << arguments.folder << "/logs.parquet " << rows.logs << " rows\n";
  return Status::OK();
}

}  // namespace

void AddChainCommand(CLI::App& app, Status& status) {
  auto arguments = std::make_shared<Arguments>();
  auto* command = app.add_subcommand(
      "chain",
      "Write a chain's blocks, transactions and logs as Parquet. The same options give the "
      "same rows, always.");
  command->add_option("--out", arguments->folder, "folder to write into")->required();
  command->add_option("--blocks", arguments->blocks, "how many blocks")->capture_default_str();
  command->add_option("--seed", arguments->chain.seed, "another seed is another chain")
      ->capture_default_str();
  command->add_option("--first-block", arguments->chain.first_block, "number of the first block")
      ->capture_default_str();
  command->add_option("--txs-per-block", arguments->chain.txs_per_block, "transactions, on average")
      ->capture_default_str()
      ->check(CLI::Range(uint64_t{0}, uint64_t{1'000'000}));
  command->callback([arguments, &status] { status = Run(*arguments); });
}

}  // namespace ampload::conformance
