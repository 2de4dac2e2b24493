#include "loaders/lmdb/key_encoder.h"

#include <arrow/api.h>

#include <algorithm>
#include <cstring>
#include <type_traits>
#include <utility>

#include "base/arrow_compute.h"
#include "base/hex.h"
#include "encode/key_pattern.h"
#include "encode/named_column.h"
#include "encode/plain_column.h"
#include "loaders/lmdb/key_bytes.h"

namespace ampload::lmdb {
namespace {

bool IsBytes(const arrow::DataType& type) {
  return arrow::is_base_binary_like(type.id()) || type.id() == arrow::Type::STRING_VIEW ||
         type.id() == arrow::Type::BINARY_VIEW;
}

bool IsKeyType(const arrow::DataType& type) {
  return arrow::is_integer(type.id()) || type.id() == arrow::Type::FIXED_SIZE_BINARY ||
         IsBytes(type);
}

}  // namespace

std::string RowNumberKey(uint64_t number) {
  std::string key(8, '\0');
  PutBigEndian(number, key.data());
  return key;
}

Result<uint64_t> RowNumberOf(std::string_view key) {
  if (key.size() != 8) {
    return DataError(
        "lmdb: the table's last key is no row number; give the table's own key columns: length=" +
        std::to_string(key.size()));
  }
  uint64_t number = 0;
  for (const char c : key) number = number << 8 | static_cast<unsigned char>(c);
  return number;
}

Result<std::unique_ptr<KeyEncoder>> KeyEncoder::Make(const arrow::Schema& schema,
                                                     const KeyDefinition& key,
                                                     const std::string& table) {
  ARROW_RETURN_NOT_OK(base::InitializeArrowCompute());
  auto encoder = std::make_unique<KeyEncoder>();
  encoder->table_ = table;
  encoder->is_pattern_ = !key.pattern.empty();

  const auto add_column = [&](const std::string& name) -> Status {
    const auto found = encode::PlaceOfColumn("the key", name, schema, table);
    if (!found.ok()) return WithContext(found.status(), "lmdb");
    const int column = *found;
    auto type = encode::PlainType(schema.field(column)->type());
    if (!IsKeyType(*type)) {
      return ConfigurationError(
          "lmdb: a column of this type cannot be part of a key; keys take integers, strings "
          "and binary: table=" +
          table + " column=" + name + " type=" + type->ToString());
    }
    encoder->parts_.push_back({column, name, {}, std::move(type)});
    return Status::OK();
  };

  for (const auto& name : key.columns) ARROW_RETURN_NOT_OK(add_column(name));
  const auto pattern = encode::SplitPattern(key.pattern, table);
  if (!pattern.ok()) return WithContext(pattern.status(), "lmdb");
  for (const auto& part : *pattern) {
    if (part.is_column) {
      ARROW_RETURN_NOT_OK(add_column(part.text));
    } else {
      encoder->parts_.push_back({-1, {}, part.text, nullptr});
    }
  }
  return encoder;
}

bool KeyEncoder::TellsKeysApart() const {
  if (!is_pattern_) return true;
  std::vector<encode::PatternPart> parts;
  std::vector<encode::TextExtent> extents(parts_.size());
  for (size_t p = 0; p < parts_.size(); ++p) {
    const bool is_column = parts_[p].column >= 0;
    parts.push_back({is_column, is_column ? parts_[p].name : parts_[p].literal});
    if (is_column) extents[p] = encode::ExtentOf(*parts_[p].type, encode::BinaryText::kBytes);
  }
  return encode::TellsKeysApart(parts, extents);
}

Status KeyEncoder::Fail(std::string_view what, std::string_view column, int64_t first_row,
                        int64_t row, std::string_view more) const {
  std::string message = "lmdb: ";
  message.append(what).append(": table=").append(table_);
  if (!column.empty()) message.append(" column=").append(column);
  message.append(" row=").append(std::to_string(first_row + row));
  if (!more.empty()) message.append(" ").append(more);
  return BadRowError(row, std::move(message));
}

Status KeyEncoder::CheckNoNull(const arrow::Array& column, std::string_view name,
                               int64_t first_row) const {
  if (column.null_count() == 0) return Status::OK();
  int64_t row = 0;
  while (column.IsValid(row)) ++row;
  return Fail("a key column is null; every row needs its key", name, first_row, row, "");
}

Result<EncodedKeys> KeyEncoder::Encode(const arrow::RecordBatch& batch, int64_t first_row) const {
  arrow::ArrayVector columns(parts_.size());
  for (size_t p = 0; p < parts_.size(); ++p) {
    if (parts_[p].column < 0) continue;
    ARROW_ASSIGN_OR_RAISE(columns[p], encode::PlainColumn(batch, parts_[p].column, parts_[p].type));
    ARROW_RETURN_NOT_OK(CheckNoNull(*columns[p], parts_[p].name, first_row));
  }
  ARROW_ASSIGN_OR_RAISE(EncodedKeys keys, SizeKeys(columns, batch.num_rows(), first_row));
  PutKeys(columns, &keys);
  for (int64_t i = 1; i < keys.size() && keys.ascending; ++i) {
    keys.ascending = keys.key(i - 1) < keys.key(i);
  }
  return keys;
}

bool KeyEncoder::IsEscaped(size_t part) const {
  return !is_pattern_ && part + 1 < parts_.size() &&
         parts_[part].type->id() != arrow::Type::FIXED_SIZE_BINARY;
}

// The first pass: places for all keys, checked. After it nothing can fail.
Result<EncodedKeys> KeyEncoder::SizeKeys(const arrow::ArrayVector& columns, int64_t rows,
                                         int64_t first_row) const {
  std::vector<size_t> sizes(static_cast<size_t>(rows), 0);
  for (size_t p = 0; p < parts_.size(); ++p) {
    const auto add = [&](int64_t row, size_t size) { sizes[static_cast<size_t>(row)] += size; };
    if (parts_[p].column < 0) {
      for (int64_t i = 0; i < rows; ++i) add(i, parts_[p].literal.size());
    } else if (!arrow::is_integer(columns[p]->type_id())) {
      const bool escaped = IsEscaped(p);
      VisitBytes(*columns[p], [&](int64_t i, std::string_view bytes) {
        add(i, escaped ? EscapedSize(bytes) : bytes.size());
      });
    } else if (is_pattern_) {
      char digits[kMaxDigits];
      VisitIntegers(*columns[p], [&](int64_t i, auto value) { add(i, PutDigits(value, digits)); });
    } else {
      const auto width = static_cast<size_t>(columns[p]->type()->byte_width());
      for (int64_t i = 0; i < rows; ++i) add(i, width);
    }
  }
  EncodedKeys keys;
  keys.offsets.reserve(sizes.size() + 1);
  size_t total = 0;
  int64_t row = 0;
  for (const size_t size : sizes) {
    if (size == 0) {
      return Fail("the key is empty; LMDB has no empty keys", parts_[0].name, first_row, row, "");
    }
    if (size > kMaxKeyBytes) {
      return Fail("the key is longer than LMDB's 511 bytes; choose shorter key columns",
                  parts_.back().name, first_row, row, "length=" + std::to_string(size));
    }
    total += size;
    if (total > UINT32_MAX) {
      return DataError("lmdb: the keys of one batch exceed 4 GiB; load smaller batches: table=" +
                       table_ + " row=" + std::to_string(first_row + row));
    }
    keys.offsets.push_back(static_cast<uint32_t>(total));
    ++row;
  }
  return keys;
}

// The second pass: each column's bytes to its place in every key.
void KeyEncoder::PutKeys(const arrow::ArrayVector& columns, EncodedKeys* keys) const {
  keys->bytes.resize(keys->offsets.back());
  std::vector<char*> places;
  places.reserve(keys->offsets.size());
  for (const uint32_t offset : keys->offsets) places.push_back(keys->bytes.data() + offset);
  places.pop_back();
  for (size_t p = 0; p < parts_.size(); ++p) {
    if (parts_[p].column < 0) {
      const std::string& literal = parts_[p].literal;
      for (auto& place : places) place = std::copy(literal.begin(), literal.end(), place);
    } else if (!arrow::is_integer(columns[p]->type_id())) {
      const bool escaped = IsEscaped(p);
      VisitBytes(*columns[p], [&](int64_t i, std::string_view bytes) {
        auto& place = places[static_cast<size_t>(i)];
        place = escaped ? PutEscaped(bytes, place) : std::copy(bytes.begin(), bytes.end(), place);
      });
    } else {
      VisitIntegers(*columns[p], [&](int64_t i, auto value) {
        auto& place = places[static_cast<size_t>(i)];
        if (is_pattern_) {
          place += PutDigits(value, place);
        } else {
          PutBigEndian(value, place);
          place += sizeof(value);
        }
      });
    }
  }
}

std::string KeyEncoder::Describe(std::string_view key) const {
  if (is_pattern_) return "key=" + std::string(key);
  std::string text;
  for (size_t p = 0; p < parts_.size(); ++p) {
    const auto& part = parts_[p];
    const bool last = p + 1 == parts_.size();
    text += (text.empty() ? "" : " ") + part.name + "=";
    if (arrow::is_integer(part.type->id())) {
      const auto width = std::min(static_cast<size_t>(part.type->byte_width()), key.size());
      const bool is_signed = arrow::is_signed_integer(part.type->id());
      uint64_t bits = 0;
      for (const char c : key.substr(0, width)) bits = bits << 8 | static_cast<unsigned char>(c);
      if (is_signed) {
        bits ^= uint64_t{1} << (width * 8 - 1);
        const int unused = static_cast<int>(64 - width * 8);
        text += std::to_string(static_cast<int64_t>(bits << unused) >> unused);
      } else {
        text += std::to_string(bits);
      }
      key.remove_prefix(width);
      continue;
    }
    size_t end = key.size();
    if (part.type->id() == arrow::Type::FIXED_SIZE_BINARY) {
      end = std::min(end, static_cast<size_t>(part.type->byte_width()));
    } else if (!last) {
      end = std::min(key.find(std::string_view("\0\0", 2)), key.size());
    }
    const bool is_text = part.type->id() == arrow::Type::STRING ||
                         part.type->id() == arrow::Type::LARGE_STRING ||
                         part.type->id() == arrow::Type::STRING_VIEW;
    text += is_text ? std::string(key.substr(0, end)) : "0x" + base::ToHex(key.substr(0, end));
    const bool ended = !last && part.type->id() != arrow::Type::FIXED_SIZE_BINARY;
    key.remove_prefix(std::min(key.size(), end + (ended ? 2 : 0)));
  }
  return text;
}

}  // namespace ampload::lmdb
