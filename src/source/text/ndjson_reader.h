// Rows out of NDJSON: one JSON object a line.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "source/text/record_reader.h"

namespace ampload::source {

// The schema that the first lines suggest, all columns nullable, in the order in which they come.
// `sample` is the text's first bytes, decompressed; a line that it cuts off is left out, unless the
// sample is the whole text. Ask UniteTextSchemas for the schema to read with, also for one file.
//
//   numbers           int64, else uint64, else float64 where no digit is lost (inferred_text.h),
//   else
//                     the digits as a string
//   strings           string, whatever they look like
//   true, false       bool
//   arrays, objects   list, struct
//   null alone        string
//
// A declared column is added where the sample has none. Lines that are no object are for the reader
// to say. A data error where one field has values of several kinds (it says what to declare).
Result<std::shared_ptr<arrow::Schema>> InferNdjsonSchema(std::string_view sample,
                                                         bool sample_is_whole,
                                                         const TextOptions& options,
                                                         const std::string& path);

// A column that `options.types` names is read as declared, from numbers or strings (a string column
// takes the text of any value, a map an object), any other as inferred.
//
// Rows keep their text's order; blank lines are skipped; a field that a line lacks is null. What
// makes a record bad: no JSON object; nested deeper than 64; a field that is in no column, or comes
// twice; a value that its column's type cannot hold. A line beyond four times `batch_bytes` (64 KiB
// at least), or of more values than an eighth of that, is an error that no load can set aside.
Result<std::unique_ptr<RecordReader>> OpenNdjson(TextInput input,
                                                 std::shared_ptr<arrow::Schema> schema,
                                                 const TextOptions& options);

}  // namespace ampload::source
