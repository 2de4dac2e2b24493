// Which format a file is in: by its bytes, and for text, which has no mark of its own, by its name
// or by what the user says.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ampload/status.h"
#include "source/input/input_file.h"

namespace ampload::source {

// As the user names it: --format.
enum class Format { kParquet, kArrow, kCsv, kNdjson };

// "parquet", "arrow", "csv", "ndjson".
std::string_view ToString(Format format);
Result<Format> ParseFormat(std::string_view text);  // a configuration error names the nearest

// As it is read.
enum class FileFormat { kParquet, kArrowFile, kArrowStream, kCsv, kNdjson };

Format FormatOf(FileFormat format);

// By the suffix: .parquet, .arrow .arrows .feather .ipc, .csv .tsv, .ndjson .jsonl; .gz or .zst may
// follow. nullopt: none of these.
std::optional<Format> FormatOfName(std::string_view path);
bool IsTabSeparated(std::string_view path);  // *.tsv, perhaps compressed

// Reads the first bytes. Configuration error: a format that cannot be read (named where it is
// recognised), that is not the one asked for, or not from here (Parquet inside gzip, from standard
// input); text of an unknown name. Permanent: cannot be read, nothing inside.
Result<FileFormat> DetectFormat(InputFile* input, std::optional<Format> asked);

}  // namespace ampload::source
