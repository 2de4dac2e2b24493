// Table properties as a user gives them: the option `properties`, and what a Delta table knows.
// Pure.
#pragma once

#include <string>
#include <vector>

#include "ampload/status.h"
#include "loaders/deltalake/actions.h"

namespace ampload::deltalake {

// "delta.appendOnly=true,owner=me" as a map. A piece without '=' belongs to the value before it:
// "delta.dataSkippingStatsColumns=a,b,delta.appendOnly=true". A configuration error for a value
// without a name and a name that is given twice.
Result<TextMap> ParseProperties(const std::string& text);

// A configuration error for a delta.* name that is no property of Delta's, with the nearest right
// one, for a truth value or number that is none, and for those that we decide ourselves
// (delta.minReaderVersion ...).
Status CheckProperties(const TextMap& properties);

// "a, b" as names; blanks around them are dropped. Empty for an empty text.
std::vector<std::string> SplitNames(const std::string& text);

}  // namespace ampload::deltalake
