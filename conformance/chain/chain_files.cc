#include "conformance/chain/chain_files.h"

#include <filesystem>
#include <memory>
#include <system_error>

#include "conformance/chain/columns.h"
#include "conformance/chain/parquet_file.h"
#include "conformance/chain/schemas.h"

namespace ampload::conformance {
namespace {

constexpr int64_t kRowsPerBatch = 8192;

}  // namespace

Result<ChainFileRows> WriteChainFiles(const Chain& chain, uint64_t blocks,
                                      const std::string& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) {
    return PermanentError("chain: cannot make the folder: path=" + folder + ": " + error.message());
  }
  ARROW_ASSIGN_OR_RAISE(auto block_file,
                        ParquetFile::Create(folder + "/blocks.parquet", BlocksSchema()));
  ARROW_ASSIGN_OR_RAISE(auto transaction_file, ParquetFile::Create(folder + "/transactions.parquet",
                                                                   TransactionsSchema()));
  ARROW_ASSIGN_OR_RAISE(auto log_file, ParquetFile::Create(folder + "/logs.parquet", LogsSchema()));

  ARROW_ASSIGN_OR_RAISE(auto columns, ChainColumns::Make());
  const auto write = [&]() -> Status {
    ARROW_ASSIGN_OR_RAISE(auto batches, columns->Finish());
    ARROW_RETURN_NOT_OK(block_file->Write(*batches.blocks));
    ARROW_RETURN_NOT_OK(transaction_file->Write(*batches.transactions));
    return log_file->Write(*batches.logs);
  };
  for (uint64_t i = 0; i < blocks; ++i) {
    ARROW_RETURN_NOT_OK(columns->Append(chain.BlockAt(chain.options().first_block + i)));
    if (columns->most_rows() >= kRowsPerBatch) ARROW_RETURN_NOT_OK(write());
  }
  ARROW_RETURN_NOT_OK(write());
  ARROW_RETURN_NOT_OK(block_file->Close());
  ARROW_RETURN_NOT_OK(transaction_file->Close());
  ARROW_RETURN_NOT_OK(log_file->Close());
  return ChainFileRows{block_file->rows(), transaction_file->rows(), log_file->rows()};
}

}  // namespace ampload::conformance
