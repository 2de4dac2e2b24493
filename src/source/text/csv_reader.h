// Rows out of CSV.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "source/text/record_reader.h"

namespace ampload::source {

// The schema that the first records suggest, all columns nullable. `sample` is the text's first
// bytes, decompressed; a record that it cuts off is left out, unless the sample is the whole text.
// Inferred are the types whose texts lose nothing (inferred_text.h); a column with any other value,
// or without one, is a string. Bad records are for the reader to say. Ask UniteTextSchemas for the
// schema to read with, also for one file alone.
//
// A configuration error where the options contradict each other, or declare a type for a column
// that is not there or of a kind that CSV has no form for. A data error where the text has no
// header, a header with one name twice, or is UTF-16.
Result<std::shared_ptr<arrow::Schema>> InferCsvSchema(std::string_view sample, bool sample_is_whole,
                                                      const TextOptions& options,
                                                      const std::string& path);

// Reads the header, where there is one, at once: its names have to be the schema's, in its order.
// A column that `options.types` names is read as declared, any other as inferred.
//
// Rows keep their text's order. A blank line is skipped, but is a null where there is one column;
// those in front of a header are always skipped.
// What makes a record bad: another number of cells than columns; a quote that is never closed, or
// closed before a cell's end; a carriage return alone; a value that its column's type cannot hold;
// a string that is no UTF-8. A record beyond four times `batch_bytes` (64 KiB at least) is an error
// that no load can set aside.
Result<std::unique_ptr<RecordReader>> OpenCsv(TextInput input,
                                              std::shared_ptr<arrow::Schema> schema,
                                              const TextOptions& options);

}  // namespace ampload::source
