// Files of a lake without the verbs of src/lake: the fault points in those are for what is tested,
// not for what a test does before and after.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "ampload/status.h"
#include "lake/object_store.h"

namespace ampload::conformance {

class BareFiles {
 public:
  // `root`: an ObjectStore's, opened with those settings.
  static Result<std::unique_ptr<BareFiles>> Of(const std::string& root,
                                               const lake::StoreSettings& settings);
  virtual ~BareFiles() = default;

  // Paths as ObjectStore has them. One that is not there is no failure.
  virtual Status Delete(const std::string& path) = 0;
  virtual Status Put(const std::string& path, std::string_view bytes) = 0;
};

}  // namespace ampload::conformance
