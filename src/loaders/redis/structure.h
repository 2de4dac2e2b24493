// The seven shapes that a table's rows can have in Redis, and what each of them can do.
//
//   hash        a key a row; its fields are the columns
//   string      a key a row; its value is the row, JSON or msgpack
//   json        a key a row; its document is the row (RedisJSON)
//   stream      one key; an entry a row, `<batch id>-<row>`; its fields are the columns
//   set         one key; a member a row, JSON or msgpack
//   sorted_set  the same, with the score of a column
//   list        one key; an element a row, JSON or msgpack
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ampload/loader_traits.h"

namespace ampload::redis {

enum class Structure { kHash, kString, kJson, kStream, kSet, kSortedSet, kList };

struct StructureFacts {
  Structure structure;
  std::string_view name;        // as the option `structure` has it
  std::string_view redis_type;  // what TYPE answers
  bool key_per_row;             // a Redis key a row; else the whole table is one key
  bool one_value;               // a row is one value, in the table's value format
  bool expires;                 // the option `ttl` is about rows
  LoaderTraits traits;
};

const StructureFacts& FactsOf(Structure structure);
std::optional<Structure> StructureOf(std::string_view name);
const std::vector<std::string>& StructureNames();

}  // namespace ampload::redis
