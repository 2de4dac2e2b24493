// What the tests of the row encoder share.
#pragma once

#include <arrow/json/from_string.h>
#include <arrow/record_batch.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "loaders/redis/row_form.h"

namespace ampload::redis {

struct NamedColumn {
  std::string name;
  std::shared_ptr<arrow::DataType> type;
  std::string json;
};

inline std::shared_ptr<arrow::RecordBatch> Rows(const std::vector<NamedColumn>& columns) {
  arrow::FieldVector fields;
  arrow::ArrayVector arrays;
  for (const auto& [name, type, json] : columns) {
    fields.push_back(arrow::field(name, type));
    arrays.push_back(arrow::json::ArrayFromJSONString(type, json).ValueOrDie());
  }
  return arrow::RecordBatch::Make(arrow::schema(fields), arrays.front()->length(), arrays);
}

inline Result<std::unique_ptr<EncodedCommands>> Encode(RowForm form,
                                                       std::shared_ptr<arrow::RecordBatch> batch,
                                                       int64_t first_row = 0) {
  if (form.table.empty()) form.table = "logs";
  if (form.rows == nullptr) form.rows = batch->schema();
  ARROW_ASSIGN_OR_RAISE(const auto encoder, RowEncoder::Make(std::move(form)));
  StagedBatch staged;
  staged.batch = std::move(batch);
  staged.first_row = first_row;
  ARROW_ASSIGN_OR_RAISE(auto encoded, encoder->Encode(staged));
  return std::unique_ptr<EncodedCommands>(static_cast<EncodedCommands*>(encoded.release()));
}

inline std::vector<std::string> RowsOf(const EncodedCommands& commands) {
  std::vector<std::string> rows;
  for (int64_t i = 0; i < commands.rows(); ++i) rows.emplace_back(commands.commands.row(i));
  return rows;
}
inline std::vector<std::string> KeysOf(const EncodedCommands& commands) {
  std::vector<std::string> keys;
  for (int64_t i = 0; i < commands.keys.size(); ++i) keys.emplace_back(commands.keys.at(i));
  return keys;
}

}  // namespace ampload::redis
