#include "loaders/lmdb/table_reader.h"

#include <arrow/builder.h>

#include <vector>

#include "encode/row_format_encoder.h"
#include "loaders/lmdb/catalog.h"

namespace ampload::lmdb {
namespace {

Result<std::shared_ptr<arrow::Table>> AsKeyAndValue(const std::vector<std::string_view>& keys,
                                                    const std::vector<std::string_view>& values) {
  arrow::LargeBinaryBuilder key_builder;
  arrow::LargeBinaryBuilder value_builder;
  for (const auto key : keys) ARROW_RETURN_NOT_OK(key_builder.Append(key));
  for (const auto value : values) ARROW_RETURN_NOT_OK(value_builder.Append(value));
  ARROW_ASSIGN_OR_RAISE(const auto key_array, key_builder.Finish());
  ARROW_ASSIGN_OR_RAISE(const auto value_array, value_builder.Finish());
  return arrow::Table::Make(arrow::schema({arrow::field("key", arrow::large_binary(), false),
                                           arrow::field("value", arrow::large_binary(), false)}),
                            {key_array, value_array});
}

}  // namespace

Result<std::shared_ptr<arrow::Table>> ReadTableRows(Environment& environment,
                                                    const std::string& table, int64_t limit) {
  ARROW_ASSIGN_OR_RAISE(auto txn, environment.BeginRead());
  ARROW_ASSIGN_OR_RAISE(const auto dbi, txn.OpenDatabase(table, false));
  if (!dbi.has_value()) {
    return ConfigurationError("lmdb: there is no such table: environment=" + environment.path() +
                              " table=" + table);
  }
  ARROW_ASSIGN_OR_RAISE(auto catalog, Catalog::Open(txn, false));
  ARROW_ASSIGN_OR_RAISE(const auto record, catalog.ReadTable(table));

  std::vector<std::string_view> keys;
  std::vector<std::string_view> values;
  ARROW_RETURN_NOT_OK(txn.ForEachPrefix(
      *dbi, "", [&](std::string_view key, std::string_view value) -> Result<bool> {
        if (static_cast<int64_t>(values.size()) >= limit) return false;
        keys.push_back(key);
        values.push_back(value);
        return true;
      }));
  if (!record.has_value()) return AsKeyAndValue(keys, values);
  auto batch = encode::DecodeRows(record->value_format, values, record->schema);
  if (!batch.ok()) return WithContext(batch.status(), "lmdb: table=" + table);
  return arrow::Table::FromRecordBatches((*batch)->schema(), {*batch});
}

}  // namespace ampload::lmdb
