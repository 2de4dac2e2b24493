// The binary form of a value, as the server's *_send functions make it, into an Arrow builder.
// Pure.
#pragma once

#include <arrow/array/builder_base.h>

#include <string_view>

#include "ampload/status.h"
#include "encode/pg/pg_type.h"

namespace ampload::postgresql {

// Whether a value of this type is read as its text, not as its binary form.
bool IsReadAsText(const encode::pg::PgType& type);

// Appends the value to a builder of encode::pg::ArrowTypeOf(type). False, and nothing appended:
// this Arrow type has no such value. Bytes that are no value of the type are a permanent failure.
// An array's elements have the form that a value of their type has.
Result<bool> AppendValue(const encode::pg::PgType& type, std::string_view bytes,
                         arrow::ArrayBuilder* builder);

}  // namespace ampload::postgresql
