// Casts that change no value: each either keeps every value or names the first row that it cannot.
#pragma once

#include <arrow/array.h>
#include <arrow/type.h>

#include <memory>
#include <string>
#include <vector>

#include "ampload/status.h"

namespace ampload::encode {

// OK where a cast between the two is offered, though single values may not survive it; else a
// configuration error that says so. Offered: between numbers (integers, floats, decimals) of any
// width; text from all scalars and to all but times of day; between units of times, timestamps
// (zone or none stays so) and durations; date to date; binary to and from string; nested types part
// by part.
Status CheckCast(const arrow::DataType& from, const arrow::DataType& to);

// The values as `to`. Exact means: cast back, every value is what it was; for text, that it is a
// whole value of the type, and for a float that its digits name one. An integer beyond 2^24 is
// refused as a float32, beyond 2^53 as a float64, whatever its last digits, and in the other
// direction. Losses of NamedLosses() that are in `allow` are taken. The first value that does not
// survive is a BadRowError (row in `array`) that quotes it. Pure.
Result<std::shared_ptr<arrow::Array>> ExactCast(const std::shared_ptr<arrow::Array>& array,
                                                const std::shared_ptr<arrow::DataType>& to,
                                                const std::vector<std::string>& allow);

// True where every value of `from` is a value of `to` and means the same: int32 to int64, uint32 to
// int64, float32 to float64, decimal(10, 2) to decimal(12, 2), string to large_string ... What
// schema evolution may do to a column.
bool IsExactWidening(const arrow::DataType& from, const arrow::DataType& to);

}  // namespace ampload::encode
