// What several text files' inferred schemas have in common.
#pragma once

#include <arrow/type.h>

#include <memory>
#include <span>
#include <string>

#include "source/file/schema_union.h"
#include "source/text/record_reader.h"

namespace ampload::source {

enum class TextFormat { kCsv, kNdjson };

// The one schema to read all files with (one file or more), without metadata. A declared type
// rules. Where the inferred types differ, the one whose values have texts of both kinds:
//
//   no value in one file + T      T               int64 + uint64      uint64
//   int64, uint64 + float64       float64         us + ns             ns
//   any two others of scalars     CSV: string     structs, lists      field by field
//
// A later value that does not fit is the reader's error, never changed. CSV: names and order must
// agree. NDJSON: the columns of all files, a column or field that a file lacks is null in it. Else
// a data error column by column.
Result<std::shared_ptr<arrow::Schema>> UniteTextSchemas(std::span<const FileSchema> files,
                                                        TextFormat format,
                                                        const TextOptions& options);

// A string column that inference saw no value for, and that any other file may give a type.
std::shared_ptr<arrow::Field> FieldWithoutValues(const std::string& name);

}  // namespace ampload::source
