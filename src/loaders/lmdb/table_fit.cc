// Does what a session wants fit the table that is there: key, format, columns?
#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "encode/key_pattern.h"
#include "loader/row_op.h"
#include "loader/schema_change.h"
#include "loaders/lmdb/session.h"

namespace ampload::lmdb {

Status LmdbSession::CheckTable(Transaction& txn, Catalog& catalog) {
  ARROW_ASSIGN_OR_RAISE(table_, catalog.ReadTable(spec_.name));
  ARROW_ASSIGN_OR_RAISE(const auto dbi, txn.OpenDatabase(spec_.name, false));
  if (dbi.has_value() && !table_.has_value()) {
    return ConfigurationError(
        "lmdb: the environment has a database of this name that ampload did not make, and its rows "
        "are unknown; choose another --table: environment=" +
        environment_->path() + " table=" + spec_.name);
  }
  if (!dbi.has_value()) table_.reset();
  if (dbi.has_value() && !replacing_) ARROW_RETURN_NOT_OK(MeasureTable(txn, *dbi));
  if (!table_.has_value() && !spec_.create_table) {
    return ConfigurationError("lmdb: the table is missing and is not to be made: environment=" +
                              environment_->path() + " table=" + spec_.name);
  }
  ARROW_RETURN_NOT_OK(ChooseKey());
  ARROW_RETURN_NOT_OK(ChooseFormat());
  if (!table_.has_value() || replacing_) return Status::OK();
  return CheckSchema(*table_);
}

// The key columns may be named beside a pattern that is made of them: upsert and merge want them.
Status LmdbSession::ChooseKey() {
  key_ = KeyDefinition{spec_.keys, config_.key_pattern};
  const bool stays = table_.has_value() && !replacing_;
  const auto are_those_of = [&](const std::string& pattern) -> Result<bool> {
    const auto columns = encode::ColumnsOfPattern(pattern);
    if (!columns.ok()) return WithContext(columns.status(), "lmdb");
    return std::set(columns->begin(), columns->end()) ==
           std::set(spec_.keys.begin(), spec_.keys.end());
  };
  if (!key_.columns.empty() && !key_.pattern.empty()) {
    ARROW_ASSIGN_OR_RAISE(const bool same, are_those_of(key_.pattern));
    if (!same) {
      return ConfigurationError(
          "lmdb: --key and key_pattern name different columns; give one of the two, or the "
          "pattern's own columns as --key: table=" +
          spec_.name + " key_pattern=" + key_.pattern);
    }
    key_.columns.clear();
  } else if (stays && !key_.columns.empty() && !table_->key.pattern.empty()) {
    ARROW_ASSIGN_OR_RAISE(const bool same, are_those_of(table_->key.pattern));
    if (same) key_ = table_->key;
  }
  if (!stays) return Status::OK();
  if (key_.is_row_number()) {
    key_ = table_->key;
  } else if (!(key_ == table_->key)) {
    return ConfigurationError(
        "lmdb: the table's rows have another key; load with that one, or overwrite the table: "
        "table=" +
        spec_.name + " key=[" + table_->key.ToString() + "] wanted=[" + key_.ToString() + "]");
  }
  return Status::OK();
}

// A table's rows all have the format that it was made with; only an overwrite can change it.
Status LmdbSession::ChooseFormat() {
  format_ = table_.has_value() ? table_->value_format : encode::ValueFormat::kMsgpack;
  if (config_.value_format.empty()) return Status::OK();
  const auto wanted = encode::ValueFormatOf(config_.value_format);
  if (!wanted.has_value()) {
    return ConfigurationError("lmdb: there is no such value format: value_format=" +
                              config_.value_format);
  }
  if (table_.has_value() && !replacing_ && *wanted != format_) {
    return ConfigurationError(
        "lmdb: the table's rows have another value format; leave value_format out to go on with "
        "it, or overwrite the table: table=" +
        spec_.name + " value_format=" + std::string(ToString(format_)) +
        " wanted=" + config_.value_format);
  }
  format_ = *wanted;
  return Status::OK();
}

// A merge may lack columns: matched rows keep theirs, and a new row without a column that is never
// null is refused when it comes. Under `_op` a nullable column may be null only in rows that
// delete, which is seen when they are encoded.
std::shared_ptr<arrow::Schema> LmdbSession::ColumnsAgainst(const arrow::Schema& table) const {
  if (spec_.mode != LoadMode::kMerge) return columns_;
  const bool has_ops = OpColumnOf(spec_).has_value();
  auto fields = columns_->fields();
  for (auto& field : fields) {
    const auto known = table.GetFieldByName(field->name());
    if (has_ops && known != nullptr && !known->nullable()) field = field->WithNullable(false);
  }
  for (const auto& known : table.fields()) {
    if (!known->nullable() && columns_->GetFieldIndex(known->name()) < 0) fields.push_back(known);
  }
  return arrow::schema(std::move(fields));
}

std::vector<std::string> LmdbSession::NeverNullIn(const arrow::Schema& table) const {
  std::vector<std::string> names;
  if (!OpColumnOf(spec_).has_value()) return names;
  for (const auto& field : columns_->fields()) {
    const auto known = table.GetFieldByName(field->name());
    if (known != nullptr && !known->nullable() && field->nullable()) names.push_back(field->name());
  }
  return names;
}

Status LmdbSession::CheckSchema(const TableRecord& record) {
  if (record.value_format == encode::ValueFormat::kJson) {
    const auto floats = CheckFloatsKeepTheirType(*record.schema, *columns_, spec_.name);
    ARROW_RETURN_NOT_OK(WithContext(floats, "lmdb"));
  }
  auto comparison =
      CompareSchemas(*record.schema, *ColumnsAgainst(*record.schema), record.key.columns);
  ARROW_RETURN_NOT_OK(
      WithContext(CheckComparison(comparison, spec_.on_schema_change, spec_.name), "lmdb"));
  evolution_ = std::move(comparison.possible);
  evolved_schema_ = evolution_.empty() ? record.schema : comparison.evolved;
  never_null_ = NeverNullIn(*record.schema);
  return Status::OK();
}

Status LmdbSession::MakeEncoder() {
  ARROW_ASSIGN_OR_RAISE(auto made, RowEncoder::Make({.table = spec_.name,
                                                     .rows = spec_.schema,
                                                     .op_column = OpColumnOf(spec_),
                                                     .key = key_,
                                                     .format = format_,
                                                     .order_by = spec_.order_by,
                                                     .never_null = never_null_}));
  if (by_key() && key_.is_row_number()) {
    return ConfigurationError(
        "lmdb: the table's rows are numbered; upsert and merge need key columns: table=" +
        spec_.name);
  }
  if (by_key() && !made->TellsKeysApart()) {
    return ConfigurationError(
        "lmdb: two different keys may give the same text under this key_pattern, so upsert and "
        "merge cannot go by it; put something between its columns that they do not hold: table=" +
        spec_.name + " key_pattern=" + key_.pattern);
  }
  if (encoder_ != nullptr) old_encoders_.push_back(std::move(encoder_));
  encoder_ = std::move(made);
  return Status::OK();
}

void LmdbSession::ForgetTable() {
  table_.reset();
  next_table_.schema = columns_;
  evolved_schema_ = columns_;
}

Status LmdbSession::RefreshTable(Catalog& catalog) {
  if (one_off() || replacing_) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(auto now, catalog.ReadTable(spec_.name));
  if (table_.has_value() && (!now.has_value() || now->uuid != table_->uuid)) {
    if (fence_->sequence > 0 || load_.has_early_rows) {
      return PermanentError(
          "lmdb: the table was replaced or dropped while this session wrote it; stop and look: "
          "table=" +
          spec_.name + " pipeline=" + spec_.pipeline);
    }
    ForgetTable();  // a step of another load had made it, and was taken back
  }
  if (!now.has_value()) return Status::OK();
  if (!(now->key == key_)) {
    return ConflictError(
        "lmdb: another load has made this table, with another key; load into another table: "
        "table=" +
        spec_.name + " key=[" + now->key.ToString() + "] wanted=[" + key_.ToString() + "]");
  }
  if (now->value_format != format_) {
    return ConflictError(
        "lmdb: another load has made this table, with another value format; load into another "
        "table: table=" +
        spec_.name + " value_format=" + std::string(ToString(now->value_format)) +
        " wanted=" + std::string(ToString(format_)));
  }
  if (!table_.has_value() || !now->schema->Equals(*table_->schema, /*check_metadata=*/true)) {
    ARROW_RETURN_NOT_OK(CheckSchema(*now));
    if (never_null_ != encoder_->form().never_null) {
      return ConflictError(
          "lmdb: another load has made this table, with columns that are never null; load again: "
          "table=" +
          spec_.name);
    }
  }
  next_table_ = *now;  // never an older schema over a newer one
  next_table_.schema = evolved_schema_;
  table_ = std::move(now);
  return Status::OK();
}

}  // namespace ampload::lmdb
