// A row's LMDB key, made from columns. The bytes are an interface that other programs read:
//
//   unsigned integer   big-endian at the column's width         uint32 7   -> 00 00 00 07
//   signed integer     the same with the sign bit flipped       int16 -1   -> 7f ff
//   fixed binary       as it is
//   string, binary     as it is when last, else 00 -> 00 FF and ended by 00 00
//   composite          the columns' bytes, one after the other, in the order of the key
//   pattern            its text: "{table}:{block_num}" -> "blocks:15000000"; integers as digits,
//   bytes as they are
//
// so that keys sort as their columns do (a pattern sorts as text). Other types are refused.
#pragma once

#include <arrow/record_batch.h>
#include <arrow/type.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ampload/status.h"
#include "loaders/lmdb/catalog.h"

namespace ampload::lmdb {

inline constexpr size_t kMaxKeyBytes = 511;

// Key i is bytes[offsets[i], offsets[i + 1]).
struct EncodedKeys {
  std::string bytes;
  std::vector<uint32_t> offsets = {0};
  bool ascending = true;  // strictly

  int64_t size() const { return static_cast<int64_t>(offsets.size()) - 1; }
  std::string_view key(int64_t i) const {
    const auto index = static_cast<size_t>(i);
    return {bytes.data() + offsets[index], offsets[index + 1] - offsets[index]};
  }
};

// Made for one schema and key. Immutable: Encode may be called from several threads at once.
class KeyEncoder {
 public:
  // A configuration error for an unknown column (nearest right name), a type that is no key, a bad
  // pattern. `key` is no row number.
  static Result<std::unique_ptr<KeyEncoder>> Make(const arrow::Schema& schema,
                                                  const KeyDefinition& key,
                                                  const std::string& table);

  // A null in a key column, an empty key or one over 511 bytes is a data error with table, column
  // and row, and BadRowOf has the row in the batch; `first_row` is row 0's ordinal in the load.
  Result<EncodedKeys> Encode(const arrow::RecordBatch& batch, int64_t first_row) const;

  // False for a pattern in which two different keys may give one text: "{a}{b}" for 1, 23 and
  // 12, 3.
  bool TellsKeysApart() const;

  // For messages: "block_num=15000000, tx_index=3", or the text of a pattern.
  std::string Describe(std::string_view key) const;

 private:
  struct Part {
    int column = -1;                        // index in the schema; -1: `literal`
    std::string name;                       // the column's
    std::string literal;                    // text of a pattern
    std::shared_ptr<arrow::DataType> type;  // the value type
  };

  Status CheckNoNull(const arrow::Array& column, std::string_view name, int64_t first_row) const;
  bool IsEscaped(size_t part) const;
  Result<EncodedKeys> SizeKeys(const arrow::ArrayVector& columns, int64_t rows,
                               int64_t first_row) const;
  void PutKeys(const arrow::ArrayVector& columns, EncodedKeys* keys) const;
  // `row` is the row in the batch.
  Status Fail(std::string_view what, std::string_view column, int64_t first_row, int64_t row,
              std::string_view more) const;

  std::string table_;
  bool is_pattern_ = false;
  std::vector<Part> parts_;
};

// 8 bytes, big-endian.
std::string RowNumberKey(uint64_t number);
Result<uint64_t> RowNumberOf(std::string_view key);

}  // namespace ampload::lmdb
