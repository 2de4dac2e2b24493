// Commands for the rows of one batch, and their keys, put together column by column: each part of a
// command is a ColumnWriter, and the row is what the parts write, one after the other.
//
//   *6\r\n          $4\r\nHSET\r\n$6\r\nlogs:7     \r\n$3\r\nnum\r\n$1\r\n7     \r\n
//   CountPart       TextPart                       MakeFieldPart                LiteralPart
//
// No part ends with a line break; each that follows another begins with one.
#pragma once

#include <arrow/array/data.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ampload/status.h"
#include "encode/column_writer.h"
#include "encode/digit_count.h"
#include "encode/encoded_rows.h"
#include "encode/json_bytes.h"
#include "encode/text_encoder.h"
#include "loaders/redis/row_form.h"

namespace ampload::redis {

// A server's proto-max-bulk-len, unless it was configured otherwise.
inline constexpr int64_t kMaxValueBytes = int64_t{512} << 20;

// "<number>\r\n"; the number is not negative.
inline int64_t LineSize(int64_t number) {
  return encode::DigitCount(static_cast<uint64_t>(number)) + 2;
}
inline uint8_t* PutLine(uint8_t* at, int64_t number) {
  if (number < 10) {
    *at++ = static_cast<uint8_t>('0' + number);
  } else {
    at = encode::json::PutUint(at, static_cast<uint64_t>(number));
  }
  at[0] = '\r';
  at[1] = '\n';
  return at + 2;
}

// "$3\r\nabc\r\n"
std::string Bulk(std::string_view word);

struct CommandPart {
  std::unique_ptr<encode::ColumnWriter> writer;
  std::string column;  // for messages; may be empty
};
using CommandParts = std::vector<CommandPart>;

// The same bytes in every row.
std::unique_ptr<encode::ColumnWriter> LiteralPart(std::string bytes);

// "*<n>\r\n" and `behind`: n words, `words` and two for each field. `fields` has the number of each
// row, filled in by the parts of the fields. A row without any field is refused.
std::unique_ptr<encode::ColumnWriter> CountPart(int words, const std::vector<int32_t>& fields,
                                                std::string behind);

// `before` (which ends with the '$'), the length, and text i. Text i is
// bytes[offsets[i], offsets[i + 1]); both outlive the part.
std::unique_ptr<encode::ColumnWriter> TextPart(std::string before, const char* bytes,
                                               const std::vector<int64_t>& offsets);

// "\r\n$3\r\nnum\r\n$<length>\r\n<value>": a field's name and its value. Nothing where it is null,
// else the row's entry of `fields` grows by one. `data` and `fields` outlive it.
std::unique_ptr<encode::ColumnWriter> FieldPart(std::string_view name, const arrow::ArrayData& data,
                                                encode::BinaryText binaries,
                                                std::vector<int32_t>* fields);

// The value's text alone, behind `before`: a part of a key. A null is refused. `data` outlives it.
std::unique_ptr<encode::ColumnWriter> KeyPart(std::string before, const arrow::ArrayData& data,
                                              encode::BinaryText binaries);

// Both passes. A bad row: "redis: what: table=logs column=data row=<first_row + row>".
Result<encode::EncodedRows> EncodeCommands(const CommandParts& parts, int64_t rows,
                                           const std::string& table, int64_t first_row);

Texts TextsOf(encode::EncodedRows rows);

// "redis: `what`: table=logs column=data row=7 `more`", a bad row.
Status RowError(std::string_view what, const std::string& table, std::string_view column,
                int64_t first_row, int64_t row, std::string_view more);

}  // namespace ampload::redis
