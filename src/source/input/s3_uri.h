// s3://bucket/key?options as its parts.
#pragma once

#include <string>
#include <string_view>

#include "ampload/status.h"

namespace ampload::source {

//   s3://anonymous@bucket/folder/file.parquet?region=eu-west-1&endpoint_override=host:9000&scheme=http
//
// The key is taken as it stands: nothing in it is percent-decoded. A question mark starts the
// options always.
struct S3Uri {
  std::string bucket;
  std::string key;    // may be empty, may hold a glob
  std::string query;  // without its question mark; may be empty
  bool anonymous = false;

  std::string Shown(std::string_view of_key) const;  // "s3://bucket/key": no options, no secrets
  std::string Shown() const { return Shown(key); }
  std::string ForArrow() const;  // the bucket with the options
};

bool IsS3Uri(std::string_view path);

// Configuration error: no bucket; credentials in the URI, which the process list would show (it
// does not repeat them).
Result<S3Uri> ParseS3Uri(std::string_view uri);

}  // namespace ampload::source
