#include "lake/object_store.h"

#include <fmt/format.h>

#include "lake/local_store.h"
#include "lake/s3_store.h"

namespace ampload::lake {

Result<std::shared_ptr<ObjectStore>> OpenObjectStore(const std::string& location,
                                                     const StoreSettings& settings,
                                                     const CallContext& context) {
  ARROW_RETURN_NOT_OK(context.Check());
  if (location.empty()) return ConfigurationError("lake: a folder or s3://bucket/prefix is needed");
  if (IsS3Location(location)) return OpenS3Store(location, settings.s3);
  if (const size_t scheme = location.find("://"); scheme != std::string::npos) {
    return ConfigurationError(
        fmt::format("lake: tables lie in a folder or under s3://bucket/prefix: scheme={}",
                    location.substr(0, scheme)));
  }
  return OpenLocalStore(location, settings.durability);
}

}  // namespace ampload::lake
