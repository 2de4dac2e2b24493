// One S3 bucket: what is in it, and its objects as inputs.
#pragma once

#include <arrow/filesystem/filesystem.h>
#include <arrow/memory_pool.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ampload/status.h"
#include "source/input/raw_input.h"
#include "source/input/read_context.h"
#include "source/input/s3_uri.h"

namespace ampload::source {

class S3Retries;

struct S3Object {
  std::string key;
  int64_t bytes = 0;
  std::chrono::sys_seconds changed;
};

// Safe from any thread; shared by the inputs it opens. Every verb waits under the context, so that
// a stop request ends it; what was asked of the server by then goes on behind, for some seconds at
// most. A request that fails in passing is repeated a few times.
//
// Errors name the s3:// path and say what to do. Configuration: no such bucket or object, an
// unknown option. Permanent: access denied (store code "403"), a body that is cut short. Transient:
// no answer.
class S3Bucket : public std::enable_shared_from_this<S3Bucket> {
 public:
  static Result<std::shared_ptr<S3Bucket>> Open(const S3Uri& uri,
                                                std::shared_ptr<ReadContext> context);

  const S3Uri& uri() const { return uri_; }  // its key means nothing

  // nullopt: no object of that key.
  Result<std::optional<S3Object>> Find(const std::string& key) const;

  // Every object below the folder ("" or without a slash at its end), by key; none where there is
  // no such folder.
  Result<std::vector<S3Object>> List(const std::string& folder) const;

  std::unique_ptr<RawInput> OpenObject(S3Object object, arrow::MemoryPool* pool) const;

  // What to say of a failed request.
  Status Failure(std::string_view what, std::string_view key, const Status& cause) const;

  Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenFile(const S3Object& object) const;
  const ReadContext& context() const { return *context_; }

 private:
  S3Bucket(S3Uri uri, std::shared_ptr<ReadContext> context, std::shared_ptr<S3Retries> retries,
           std::shared_ptr<arrow::fs::FileSystem> filesystem);
  std::string PathOf(std::string_view key) const;
  Result<arrow::fs::FileInfo> Look(const std::string& path) const;
  Status CheckBucket() const;
  Status MissingBucket() const;

  const S3Uri uri_;
  const std::shared_ptr<ReadContext> context_;
  const std::shared_ptr<S3Retries> retries_;  // knows the last error's code
  const std::shared_ptr<arrow::fs::FileSystem> filesystem_;
};

}  // namespace ampload::source
