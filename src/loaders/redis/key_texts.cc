#include "loaders/redis/key_texts.h"

#include <arrow/type_traits.h>

#include <utility>

#include "encode/named_column.h"
#include "encode/plain_column.h"
#include "loaders/redis/names.h"
#include "loaders/redis/resp_columns.h"

namespace ampload::redis {
namespace {

Result<int> PlaceOfKey(const RowForm& form, const std::string& name) {
  const auto found = encode::PlaceOfColumn("the key", name, *form.rows, form.table);
  if (!found.ok()) return WithContext(found.status(), "redis");
  const int place = *found;
  const auto type = encode::PlainType(form.rows->field(place)->type());
  if (arrow::is_nested(type->id()) || type->id() == arrow::Type::NA) {
    return ConfigurationError(
        "redis: a column of this type cannot be part of a key; keys take numbers, texts, binary, "
        "dates and times: table=" +
        form.table + " column=" + name + " type=" + type->ToString());
  }
  return place;
}

}  // namespace

Result<std::unique_ptr<KeyTexts>> KeyTexts::Make(const RowForm& form) {
  const auto parts = encode::SplitPattern(form.key_pattern, form.table);
  if (!parts.ok()) return WithContext(parts.status(), "redis");
  auto keys = std::make_unique<KeyTexts>();
  keys->table_ = form.table;
  keys->binary_ = form.binary;
  keys->prefix_size_ = form.key_prefix.size();
  std::vector<encode::TextExtent> extents(parts->size());
  std::string before = form.key_prefix;
  for (size_t p = 0; p < parts->size(); ++p) {
    const auto& part = (*parts)[p];
    if (!part.is_column) {
      before += part.text;
      continue;
    }
    ARROW_ASSIGN_OR_RAISE(const int place, PlaceOfKey(form, part.text));
    extents[p] = encode::ExtentOf(*form.rows->field(place)->type(), form.binary);
    keys->columns_.push_back({place, part.text, std::exchange(before, "")});
  }
  if (keys->columns_.empty()) {
    return ConfigurationError(
        "redis: key_pattern names no column, so all rows would have one key; put columns in "
        "braces, as in {table}:{id}: table=" +
        form.table + " key_pattern=" + form.key_pattern);
  }
  keys->behind_ = std::move(before);
  keys->tells_keys_apart_ = encode::TellsKeysApart(*parts, extents);
  return keys;
}

Result<Texts> KeyTexts::Encode(const arrow::RecordBatch& batch, int64_t first_row) const {
  CommandParts parts;
  for (const auto& column : columns_) {
    parts.push_back(
        {KeyPart(column.before, *batch.column_data(column.place), binary_), column.name});
  }
  parts.push_back({LiteralPart(behind_), ""});
  ARROW_ASSIGN_OR_RAISE(auto encoded, EncodeCommands(parts, batch.num_rows(), table_, first_row));
  Texts keys = TextsOf(std::move(encoded));
  ARROW_RETURN_NOT_OK(Check(keys, first_row));
  return keys;
}

Status KeyTexts::Check(const Texts& keys, int64_t first_row) const {
  for (int64_t row = 0; row < keys.size(); ++row) {
    const auto key = keys.at(row).substr(prefix_size_);
    if (key.empty()) {
      return RowError("the key is empty", table_, columns_[0].name, first_row, row, "");
    }
    if (std::cmp_greater(keys.at(row).size(), kMaxValueBytes)) {
      return RowError("the key is longer than the 512 MiB that Redis takes", table_,
                      columns_[0].name, first_row, row, "length=" + std::to_string(key.size()));
    }
    if (IsOwnKey(key)) {
      return RowError(
          "the key begins as ampload's own keys do; put {table} in front of key_pattern", table_,
          columns_[0].name, first_row, row, "key=" + std::string(key.substr(0, 80)));
    }
  }
  return Status::OK();
}

}  // namespace ampload::redis
