// Do a load's columns fit those of a Delta table, and what would make them? Pure.
#pragma once

#include <arrow/type.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "ampload/status.h"
#include "ampload/table.h"
#include "loaders/deltalake/snapshot.h"

namespace ampload::deltalake {

struct SchemaFit {
  arrow::FieldVector added;    // columns that the table gains, all nullable
  arrow::FieldVector widened;  // columns of the table, with their new types
  std::string words;           // the same for people; empty: nothing changes
};

// `rows`: as encode::LakeSchema gives them. Rows of narrower types, and rows that may be null
// where the table is not, fit (a null is then a bad row); a stream's own columns are added to a
// table that is empty whatever the policy. Data errors: see CheckComparison; names that are equal
// but for their case; times of day of another unit than the table's; a type that only grows with
// typeWidening, where the table has not got it.
Result<SchemaFit> FitSchema(const TableSpec& spec, const arrow::Schema& rows, const Snapshot& table,
                            bool table_is_empty);

// Are all of the name's characters such that a table may have it without column mapping?
bool IsPlainColumnName(std::string_view name);

// The first name, at any depth, that is not.
std::optional<std::string> UnplainName(const arrow::FieldVector& fields);

// A data error for names of one schema that are equal but for their case.
Status CheckCase(const arrow::Schema& schema, const std::string& where);

}  // namespace ampload::deltalake
