// What the user wrote of S3 as a list of objects.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ampload/status.h"
#include "source/file/file_format.h"
#include "source/input/found_input.h"
#include "source/input/read_context.h"
#include "source/input/s3_bucket.h"

namespace ampload::source {

// The buckets of a load, each opened once for each set of options.
class S3Buckets {
 public:
  explicit S3Buckets(std::shared_ptr<ReadContext> context) : context_(std::move(context)) {}
  Result<std::shared_ptr<const S3Bucket>> Get(const S3Uri& uri);

 private:
  const std::shared_ptr<ReadContext> context_;
  std::map<std::string, std::shared_ptr<const S3Bucket>> open_;
};

// s3://bucket/key (an object, or a folder where there is none of that name), s3://bucket/folder/,
// s3://bucket, and globs: * ** [a-z] {a,b}; a ? starts the options. Folders and names that are left
// out are as for local paths. Objects come by key. Errors: as ExpandPaths's and S3Bucket's.
Result<std::vector<FoundInput>> ExpandS3(const std::string& path, std::optional<Format> format,
                                         S3Buckets* buckets);

}  // namespace ampload::source
