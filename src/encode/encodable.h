// Which schemas can become rows that are maps from column name to value.
#pragma once

#include <arrow/type.h>

#include <string_view>

#include "ampload/status.h"

namespace ampload::encode {

// A data error that names every column that cannot be encoded, its type and why: a union anywhere
// in it, maps and lists more than `max_depth` deep (the row itself is one), names that are not
// UTF-8, two columns or fields of one struct with one name. `format` opens the message.
Status CheckEncodable(const arrow::Schema& schema, int max_depth, std::string_view format);

}  // namespace ampload::encode
