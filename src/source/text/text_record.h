// How the text of a record that never became a row is to be read again, as JSON in the quarantine:
//
//   {"format": "csv", "delimiter": ",", "quote": "\"", "null": "", "columns": ["id", "amount"]}
//   {"format": "ndjson", "columns": ["id", "tags"]}
#pragma once

#include <arrow/type.h>

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "source/text/record_reader.h"

namespace ampload::source {

struct TextRecordFormat {
  bool csv = false;
  TextOptions options;               // types left out: they are the schema's
  std::vector<std::string> columns;  // that the record has; CSV: in its order
};

std::string ToJson(const TextRecordFormat& format);
Result<TextRecordFormat> ParseTextRecordFormat(const std::string& json);

// A reader over these records. Columns that `schema` names have its types, the others are strings.
Result<std::unique_ptr<RecordReader>> OpenTextRecords(const TextRecordFormat& format,
                                                      std::span<const std::string_view> records,
                                                      const arrow::Schema& schema,
                                                      const std::string& path, bool keep_bad);

}  // namespace ampload::source
