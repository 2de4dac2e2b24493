// Object stores that are prefixes of S3 buckets.
#pragma once

#include <memory>
#include <string>

#include "lake/object_store.h"

namespace ampload::lake {

bool IsS3Location(const std::string& location);

// "s3://bucket/prefix". Asks no server. Configuration errors: no bucket, options or credentials
// within the URI, and those of FindS3Place.
Result<std::shared_ptr<ObjectStore>> OpenS3Store(const std::string& location,
                                                 const S3Settings& settings);

}  // namespace ampload::lake
