// One input of a load, by what the user wrote and where that led.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "source/input/s3_bucket.h"

namespace ampload::source {

struct FoundInput {
  std::string path;        // as it is shown: "logs.csv", "-", "s3://bucket/logs.csv"
  size_t given = 0;        // which of the user's paths it comes from
  std::string below = {};  // the part of `path` below the folder or the glob's fixed part that was
                           // given; empty for a file that was given itself

  // Where it is on S3.
  std::shared_ptr<const S3Bucket> bucket = {};
  S3Object object = {};
};

}  // namespace ampload::source
