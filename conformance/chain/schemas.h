// The three tables of an Amp server's Ethereum dataset: column names, types and nullability exactly
// as it sends them. Tests compare them with real files.
#pragma once

#include <arrow/type.h>

#include <memory>

namespace ampload::conformance {

const std::shared_ptr<arrow::Schema>& BlocksSchema();
const std::shared_ptr<arrow::Schema>& TransactionsSchema();
const std::shared_ptr<arrow::Schema>& LogsSchema();

}  // namespace ampload::conformance
