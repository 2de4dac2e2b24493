#include "source/input/s3_bucket.h"

#include <arrow/filesystem/s3fs.h>
#include <fmt/format.h>

#include <algorithm>
#include <any>
#include <mutex>
#include <utility>

#include "source/input/background.h"
#include "source/input/s3_library.h"

namespace ampload::source {
namespace {

constexpr int64_t kMostRetries = 3;

// Of Aws::Client::CoreErrors, see aws/core/client/CoreErrors.h.
enum AwsError : int { kAccessDenied = 15, kResourceNotFound = 16, kNoSuchBucket = 133 };

// Listings and headers are of different precision in some servers.
S3Object ObjectOf(std::string key, const arrow::fs::FileInfo& info) {
  return {std::move(key), info.size(), std::chrono::floor<std::chrono::seconds>(info.mtime())};
}

bool IsDenied(int type, std::string_view name) {
  // The codes of S3 that come with 403 Forbidden.
  for (const auto* code : {"AccessDenied", "Forbidden", "InvalidAccessKeyId", "AllAccessDisabled",
                           "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken",
                           "AccountProblem", "RequestTimeTooSkewed"}) {
    if (name == code) return true;
  }
  return type == kAccessDenied;
}

}  // namespace

// Repeats what may pass, but not once the load is interrupted. Keeps the last error, which Arrow's
// statuses hold as text alone.
class S3Retries final : public arrow::fs::S3RetryStrategy {
 public:
  explicit S3Retries(std::shared_ptr<ReadContext> context) : context_(std::move(context)) {}

  struct LastError {
    int type = 0;
    std::string name;
    bool may_pass = false;
  };

  bool ShouldRetry(const AWSErrorDetail& error, int64_t attempted) override {
    const std::lock_guard lock(mutex_);
    last_ = {error.error_type, error.exception_name, error.should_retry};
    return error.should_retry && attempted < kMostRetries && context_->Get().Check().ok();
  }
  int64_t CalculateDelayBeforeNextRetry(const AWSErrorDetail& /*error*/,
                                        int64_t attempted) override {
    return int64_t{50} << std::min<int64_t>(attempted, 6);
  }
  std::optional<LastError> last() const {
    const std::lock_guard lock(mutex_);
    return last_;
  }

 private:
  const std::shared_ptr<ReadContext> context_;
  mutable std::mutex mutex_;
  std::optional<LastError> last_;
};

S3Bucket::S3Bucket(S3Uri uri, std::shared_ptr<ReadContext> context,
                   std::shared_ptr<S3Retries> retries,
                   std::shared_ptr<arrow::fs::FileSystem> filesystem)
    : uri_(std::move(uri)),
      context_(std::move(context)),
      retries_(std::move(retries)),
      filesystem_(std::move(filesystem)) {}

Result<std::shared_ptr<S3Bucket>> S3Bucket::Open(const S3Uri& uri,
                                                 std::shared_ptr<ReadContext> context) {
  ARROW_RETURN_NOT_OK(LoadS3Library());
  const auto retries = std::make_shared<S3Retries>(context);
  const arrow::fs::FileSystemFactoryOptions options = {
      {"retry_strategy", std::any(std::shared_ptr<arrow::fs::S3RetryStrategy>(retries))}};
  // In the background, for it may ask the server for the bucket's region.
  auto filesystem = InBackground(*context, [arrow_uri = uri.ForArrow(), options] {
    auto opened = arrow::fs::FileSystemFromUriAndOptions(arrow_uri, options);
    ShutDownS3AtExit();
    return opened;
  });
  if (filesystem.status().IsCancelled()) return filesystem.status();
  if (!filesystem.ok()) {
    return ConfigurationError(fmt::format("source: wrong options of S3: {}: path={}",
                                          MessageOf(filesystem.status()), uri.Shown()));
  }
  return std::shared_ptr<S3Bucket>(
      new S3Bucket(uri, std::move(context), retries, *std::move(filesystem)));
}

std::string S3Bucket::PathOf(std::string_view key) const {
  return key.empty() ? uri_.bucket : fmt::format("{}/{}", uri_.bucket, key);
}

Status S3Bucket::MissingBucket() const {
  return ConfigurationError(
      fmt::format("source: there is no such bucket; check its name, the region and the endpoint: "
                  "bucket={}",
                  uri_.bucket));
}

Status S3Bucket::Failure(std::string_view what, std::string_view key, const Status& cause) const {
  if (cause.IsCancelled()) return cause;
  const std::string path = uri_.Shown(key);
  const auto last = retries_->last();
  if (last.has_value() && (last->type == kNoSuchBucket || last->name == "NoSuchBucket")) {
    return MissingBucket();
  }
  if (last.has_value() && IsDenied(last->type, last->name)) {
    return PermanentError(
        fmt::format("source: access to S3 is denied; check the credentials (AWS_ACCESS_KEY_ID, "
                    "AWS_PROFILE; anonymous@ for a public bucket) and their right to list and "
                    "read: {}: {}: path={}",
                    what, MessageOf(cause), path),
        "403");
  }
  if (last.has_value() && last->may_pass) {
    return TransientError(
        fmt::format("source: S3 does not answer as it should; check the network and the endpoint, "
                    "or try again: {}: {}: path={}",
                    what, MessageOf(cause), path));
  }
  return PermanentError(
      fmt::format("source: S3 failed: {}: {}: path={}", what, MessageOf(cause), path));
}

Result<arrow::fs::FileInfo> S3Bucket::Look(const std::string& path) const {
  return InBackground(*context_,
                      [filesystem = filesystem_, path] { return filesystem->GetFileInfo(path); });
}

Status S3Bucket::CheckBucket() const {
  const auto info = Look(uri_.bucket);
  if (!info.ok()) return Failure("looking for the bucket", "", info.status());
  return info->type() == arrow::fs::FileType::NotFound ? MissingBucket() : Status::OK();
}

Result<std::optional<S3Object>> S3Bucket::Find(const std::string& key) const {
  auto info = Look(PathOf(key));
  if (!info.ok()) return Failure("looking for the object", key, info.status());
  if (info->IsFile()) return ObjectOf(key, *info);
  if (info->type() == arrow::fs::FileType::NotFound) ARROW_RETURN_NOT_OK(CheckBucket());
  return std::nullopt;
}

Result<std::vector<S3Object>> S3Bucket::List(const std::string& folder) const {
  arrow::fs::FileSelector selector;
  selector.base_dir = PathOf(folder);
  selector.recursive = true;
  selector.allow_not_found = true;
  auto infos = InBackground(*context_, [filesystem = filesystem_, selector] {
    return filesystem->GetFileInfo(selector);
  });
  if (!infos.ok()) return Failure("listing the folder", folder, infos.status());
  if (infos->empty()) ARROW_RETURN_NOT_OK(CheckBucket());
  std::vector<S3Object> objects;
  for (const auto& info : *infos) {
    if (!info.IsFile()) continue;
    objects.push_back(ObjectOf(info.path().substr(uri_.bucket.size() + 1), info));
  }
  std::sort(objects.begin(), objects.end(),
            [](const auto& a, const auto& b) { return a.key < b.key; });
  return objects;
}

Result<std::shared_ptr<arrow::io::RandomAccessFile>> S3Bucket::OpenFile(
    const S3Object& object) const {
  // Its size is known: opened without asking the server.
  arrow::fs::FileInfo info(PathOf(object.key), arrow::fs::FileType::File);
  info.set_size(object.bytes);
  auto file = InBackground(
      *context_, [filesystem = filesystem_, info] { return filesystem->OpenInputFile(info); });
  if (!file.ok()) return Failure("opening the object", object.key, file.status());
  return file;
}

}  // namespace ampload::source
