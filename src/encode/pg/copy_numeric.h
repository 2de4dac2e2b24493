// numeric columns.
#pragma once

#include <arrow/array/data.h>

#include <memory>

#include "encode/column_writer.h"
#include "encode/pg/pg_type.h"

namespace ampload::encode::pg {

// int8 to uint64 into numeric.
std::unique_ptr<ColumnWriter> MakeNumericOfIntegers(const arrow::ArrayData& data,
                                                    const PgType& type);

}  // namespace ampload::encode::pg
