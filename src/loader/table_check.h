// What is checked of a table before a session is opened: pure, the same for every store.
#pragma once

#include <arrow/type.h>

#include <span>

#include "ampload/loader_traits.h"
#include "ampload/status.h"
#include "ampload/table.h"

namespace ampload {

// Names, columns, keys, mode, streams and pipelines of these tables against what the loader can do.
// A configuration error, or a data error where the columns themselves are wrong.
Status CheckTableSpecs(std::span<const TableSpec> specs, const LoaderTraits& traits);

// A data error that tells the difference column by column, unless the two are the same: names,
// order, types and nullability. Where the store keeps no Arrow schema, names and order only.
Status CheckSchemaMatches(const arrow::Schema& incoming, const TableInfo& table);

}  // namespace ampload
