// A POSIX extended regular expression that names are searched for.
#pragma once

#include <regex.h>

#include <memory>
#include <string>

#include "ampload/status.h"

namespace ampload::conformance {

// Immutable; copies share the compiled expression.
class NameFilter {
 public:
  // A default-made one, and an empty expression, take every name. A configuration error says what
  // is wrong with the expression.
  NameFilter() = default;
  static Result<NameFilter> Make(const std::string& expression);

  bool Takes(const std::string& name) const;

 private:
  std::shared_ptr<const regex_t> expression_;
};

}  // namespace ampload::conformance
