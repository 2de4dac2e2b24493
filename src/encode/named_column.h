// Columns that an option names.
#pragma once

#include <arrow/type.h>

#include <string>
#include <string_view>

#include "ampload/status.h"

namespace ampload::encode {

// The column's place. A configuration error, "`option` names a column that the rows do not have,
// did you mean block_num?: table=logs column=blok_num", where they lack it.
Result<int> PlaceOfColumn(std::string_view option, const std::string& column,
                          const arrow::Schema& rows, const std::string& table);

}  // namespace ampload::encode
