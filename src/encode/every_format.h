// The row formats, for the files that make a family of column writers for each of them.
#pragma once

#include "encode/json_format.h"
#include "encode/msgpack_format.h"
#include "encode/text_format.h"

// NOLINTBEGIN(bugprone-macro-parentheses): a template's name cannot stand in parentheses.
#define AMPLOAD_FOR_FORMAT(make, format) \
  template std::unique_ptr<ColumnWriter> make<format>(const arrow::ArrayData&, KeyPrefix);
// NOLINTEND(bugprone-macro-parentheses)

#define AMPLOAD_FOR_EVERY_FORMAT(make)        \
  AMPLOAD_FOR_FORMAT(make, MsgpackFormat)     \
  AMPLOAD_FOR_FORMAT(make, JsonFormat)        \
  AMPLOAD_FOR_FORMAT(make, TextFormat<false>) \
  AMPLOAD_FOR_FORMAT(make, TextFormat<true>)
