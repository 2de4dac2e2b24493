// A session that stages no row: to take batches back, or only to end what another one left open.
#pragma once

#include <string>

#include "ampload/table.h"

namespace ampload {

// For that stream of a table that is there, with the schema that its store keeps (not null).
inline TableSpec SpecToUndo(const TableInfo& table, const std::string& pipeline) {
  TableSpec spec;
  spec.name = table.table_name;
  spec.schema = table.schema;
  spec.pipeline = pipeline;
  spec.streaming = true;
  spec.undo_only = true;
  spec.create_table = false;
  return spec;
}

}  // namespace ampload
