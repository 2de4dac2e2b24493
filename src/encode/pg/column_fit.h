// Which columns can go into which.
#pragma once

#include <arrow/type.h>

#include <string>

#include "encode/pg/pg_type.h"

namespace ampload::encode::pg {

// True where values of the type can be sent to such a column, though single ones may be refused.
bool Fits(const arrow::DataType& type, const PgType& column);

// Whether they are sent as JSON text that is made of nested values.
bool IsMadeJson(const arrow::DataType& type, const PgType& column);

}  // namespace ampload::encode::pg
