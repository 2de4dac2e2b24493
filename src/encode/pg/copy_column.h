// One column of a batch on its way into a COPY's tuples: each value a field of its own, in the form
// that the type of the table's column wants.
#pragma once

#include <arrow/array/data.h>

#include <memory>
#include <string>
#include <vector>

#include "encode/column_writer.h"
#include "encode/pg/pg_type.h"

namespace ampload::encode::pg {

// The losses that the user accepts.
struct Losses {
  explicit Losses(const std::vector<std::string>& allow);

  bool timestamp_ns = false;
  bool time_ns = false;
  bool duration_ns = false;
};

// A writer for `data`, whose buffers and `type` must outlive it. The two have passed CheckFit.
std::unique_ptr<ColumnWriter> MakeCopyColumn(const arrow::ArrayData& data, const PgType& type,
                                             const Losses& losses);

// The families behind it, each in its own file, by the type of the values: wrappers are taken off.
std::unique_ptr<ColumnWriter> MakeCopyBool(const arrow::ArrayData& data);
std::unique_ptr<ColumnWriter> MakeCopyInteger(const arrow::ArrayData& data, const PgType& type);
std::unique_ptr<ColumnWriter> MakeCopyFloat(const arrow::ArrayData& data, const PgType& type);
std::unique_ptr<ColumnWriter> MakeCopyDecimal(const arrow::ArrayData& data, const PgType& type);
std::unique_ptr<ColumnWriter> MakeCopyText(const arrow::ArrayData& data, const PgType& type);
std::unique_ptr<ColumnWriter> MakeCopyBytes(const arrow::ArrayData& data);
std::unique_ptr<ColumnWriter> MakeCopyTemporal(const arrow::ArrayData& data, const PgType& type,
                                               const Losses& losses);
std::unique_ptr<ColumnWriter> MakeCopyInterval(const arrow::ArrayData& data, const PgType& type,
                                               const Losses& losses);
// Lists, structs and maps into json or jsonb.
std::unique_ptr<ColumnWriter> MakeCopyJson(const arrow::ArrayData& data, const PgType& type);
std::unique_ptr<ColumnWriter> MakeCopyArray(const arrow::ArrayData& data, const PgType& type,
                                            const Losses& losses);

}  // namespace ampload::encode::pg
