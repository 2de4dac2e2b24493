// What CSV says before its first row: the options, and the names of its columns.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "source/text/csv_tokenizer.h"
#include "source/text/record_reader.h"

namespace ampload::source {

// Delimiter and quote are two different single bytes of ASCII, and no line ending.
Status CheckCsvOptions(const TextOptions& options);

// From the first record's cells: its texts, or f0, f1 ... where there is no header. A column that
// the header leaves unnamed is called by its position too.
Result<std::vector<std::string>> CsvColumnNames(std::span<const CsvCell> cells,
                                                const TextOptions& options,
                                                const std::string& path);

// Every declared type is of a column that is there, and one that CSV has a form for.
Status CheckDeclaredTypes(const std::vector<std::string>& names, const TextOptions& options,
                          const std::string& path);

}  // namespace ampload::source
