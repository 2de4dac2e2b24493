#include "conformance/kit/name_filter.h"

#include <array>
#include <utility>

namespace ampload::conformance {

Result<NameFilter> NameFilter::Make(const std::string& expression) {
  NameFilter filter;
  if (expression.empty()) return filter;
  auto compiled = std::make_unique<regex_t>();
  if (const int code = regcomp(compiled.get(), expression.c_str(), REG_EXTENDED | REG_NOSUB);
      code != 0) {
    std::array<char, 256> why = {};
    regerror(code, compiled.get(), why.data(), why.size());
    return ConfigurationError("--filter is no regular expression: " + std::string(why.data()) +
                              ": filter=" + expression);
  }
  filter.expression_ = std::shared_ptr<const regex_t>(compiled.release(), [](const regex_t* one) {
    auto* owned = const_cast<regex_t*>(one);  // made above, as no constant
    regfree(owned);
    delete owned;
  });
  return filter;
}

bool NameFilter::Takes(const std::string& name) const {
  return expression_ == nullptr || regexec(expression_.get(), name.c_str(), 0, nullptr, 0) == 0;
}

}  // namespace ampload::conformance
