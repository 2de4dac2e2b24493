// Protocol versions and table features (the Delta protocol, "Table Features"): which tables we
// read, which we write, and what a table asks of its writers. A table that needs what is not listed
// here is refused before a byte is written. Pure.
#pragma once

#include <arrow/type.h>

#include <string>
#include <string_view>
#include <vector>

#include "ampload/status.h"
#include "loaders/deltalake/actions.h"

namespace ampload::deltalake {

// For docs and tests: every feature of the specification and what we make of it.
struct FeatureSupport {
  std::string_view name;     // "deletionVectors"
  bool for_readers = false;  // listed in readerFeatures, too
  bool read = false;
  bool written = false;
  std::string_view note = {};  // for people: what is done, or why not
};
std::vector<FeatureSupport> KnownFeatures();

bool HasFeature(const Protocol& protocol, std::string_view feature);  // also by an old version's
                                                                      // number
// Is the property delta.`name` set to true, to false? In letters of any case, as Spark reads it.
bool IsOn(const Metadata& metadata, std::string_view name);
bool IsOff(const Metadata& metadata, std::string_view name);

// A configuration error that names every feature that stands in the way, and what to do.
Status CheckReadable(const Protocol& protocol, const Metadata& metadata, const std::string& where);

// What a commit is about to do.
struct WriteIntent {
  bool removes_rows = false;  // undo, overwrite: delta.appendOnly forbids it
  bool streams = false;       // may have to remove rows later
  bool adds_rows = true;
  bool changes_schema = false;
};

// The same for writers. Constraints and invariants that constraints.h cannot check, generated and
// identity columns, default values, a change data feed (for streams) and Iceberg compatibility are
// refused where the table makes use of them; where it only lists the feature, it is written.
Status CheckWritable(const Protocol& protocol, const Metadata& metadata, const WriteIntent& intent,
                     const std::string& where);

// The least protocol that a new table of these columns needs: 1/2, or 3/7 with the features that
// its types ask for (timestampNtz).
Protocol ProtocolFor(const arrow::Schema& schema, const TextMap& configuration);

// `protocol` with the feature: versions are raised to 3/7 where need be, and what the old version
// numbers stood for is then listed ("Table Features for New and Existing Tables").
Protocol WithFeature(const Protocol& protocol, std::string_view feature);

}  // namespace ampload::deltalake
