// Names of tables and columns as SQL has them: always quoted, always with their schema, so that
// neither search_path nor case folding decides what is meant. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "ampload/status.h"

namespace ampload::postgresql {

// "my ""table""": one identifier.
std::string Quoted(std::string_view name);

// 'it''s': a literal, whatever standard_conforming_strings says.
std::string Literal(std::string_view text);

// "a", "b": a list of quoted names.
std::string QuotedList(std::span<const std::string> names);

struct TableName {
  std::string schema;
  std::string name;

  std::string sql() const { return Quoted(schema) + "." + Quoted(name); }
  std::string text() const { return schema + "." + name; }  // for a person
  friend bool operator==(const TableName&, const TableName&) = default;
};

// What a user wrote: "logs" is in `default_schema`, "chain.logs" in chain; parts in double quotes
// may contain dots, as in psql: "\"my.logs\"". Case is kept. A configuration error where a part is
// empty, longer than 63 bytes, or there are more than two.
Result<TableName> ParseTableName(std::string_view text, std::string_view default_schema);

// The shortest text that ParseTableName makes this name of.
std::string AsWritten(const TableName& name, std::string_view default_schema);

}  // namespace ampload::postgresql
