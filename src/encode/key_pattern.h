// Keys made from a pattern: "{table}:{block_num}" -> "blocks:15000000". Braces name columns;
// {table} is the table's own name.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ampload/status.h"
#include "encode/text_extent.h"

namespace ampload::encode {

// A column, or the text between two. No two texts are neighbours, and none is empty.
struct PatternPart {
  bool is_column = false;
  std::string text;  // the column's name, or the text itself
};

// `table` takes the place of {table}. A configuration error for a brace that is not closed.
Result<std::vector<PatternPart>> SplitPattern(std::string_view pattern, std::string_view table);

// The columns that a pattern names, in its order.
Result<std::vector<std::string>> ColumnsOfPattern(std::string_view pattern);

// False where two different keys may have one text: "{a}{b}" for 1, 23 and 12, 3. `extents` has one
// of each part; those of texts say nothing.
bool TellsKeysApart(std::span<const PatternPart> parts, std::span<const TextExtent> extents);

}  // namespace ampload::encode
