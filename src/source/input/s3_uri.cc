#include "source/input/s3_uri.h"

#include <fmt/format.h>

#include <algorithm>

namespace ampload::source {
namespace {

constexpr std::string_view kScheme = "s3://";
constexpr std::string_view kAnonymous = "anonymous";

}  // namespace

bool IsS3Uri(std::string_view path) { return path.starts_with(kScheme); }

std::string S3Uri::Shown(std::string_view of_key) const {
  return fmt::format("{}{}/{}", kScheme, bucket, of_key);
}

std::string S3Uri::ForArrow() const {
  return fmt::format("{}{}{}{}{}", kScheme, anonymous ? "anonymous@" : "", bucket,
                     query.empty() ? "" : "?", query);
}

Result<S3Uri> ParseS3Uri(std::string_view uri) {
  S3Uri out;
  std::string_view rest = uri.substr(kScheme.size());
  const size_t question = std::min(rest.find('?'), rest.size());
  if (question < rest.size()) out.query = rest.substr(question + 1);
  rest = rest.substr(0, question);
  std::string_view authority = rest.substr(0, rest.find('/'));
  if (const size_t at = authority.rfind('@'); at != std::string_view::npos) {
    if (authority.substr(0, at) != kAnonymous) {
      return ConfigurationError(
          "source: no credentials in an s3:// path, every process could see them; set "
          "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE");
    }
    out.anonymous = true;
    authority = authority.substr(at + 1);
    rest = rest.substr(at + 1);
  }
  out.bucket = authority;
  if (rest.size() > authority.size()) out.key = rest.substr(authority.size() + 1);
  if (out.bucket.empty()) {
    return ConfigurationError(
        fmt::format("source: an s3:// path names a bucket: s3://bucket/key: path={}", uri));
  }
  if (out.query.find("secret") != std::string::npos ||
      out.query.find("access_key") != std::string::npos) {
    return ConfigurationError(
        "source: no credentials in an s3:// path, every process could see them; set "
        "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE");
  }
  return out;
}

}  // namespace ampload::source
