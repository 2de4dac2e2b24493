#include "lake/s3_client.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <chrono>
#include <ctime>
#include <utility>

#include "base/backoff.h"
#include "base/sha256.h"
#include "lake/s3_reply.h"

namespace ampload::lake {
namespace {

using Clock = std::chrono::steady_clock;
constexpr base::BackoffLimits kPauses{std::chrono::milliseconds(100),
                                      std::chrono::milliseconds(5'000)};

std::string HostOf(const std::string& endpoint) {
  return endpoint.substr(endpoint.find("://") + 3);
}

bool MayPass(const HttpReply& reply) {
  switch (reply.status) {
    case 408:
    case 409:  // another conditional put of the key is under way
    case 429:
    case 500:
    case 502:
    case 503:
    case 504:
      return true;
    default:
      return reply.status == 400 && XmlText(reply.body, "Code") == "RequestTimeout";
  }
}

// Refused before anything was done.
bool NothingDone(const HttpReply& reply) {
  return reply.status == 409 || reply.status == 429 || reply.status == 400;
}

std::string WhatFor(const S3Request& request) {
  return fmt::format("{}{}", request.method,
                     request.query.empty() ? "" : " " + request.query.front().first);
}

}  // namespace

S3Client::S3Client(std::string bucket, S3Place place, const S3Settings& settings)
    : bucket_(std::move(bucket)),
      place_(std::move(place)),
      retry_for_ms_(settings.retry_for_ms),
      http_({settings.request_timeout_ms, settings.connect_timeout_ms, place_.ca_file}),
      region_(place_.region) {}

std::string S3Client::Shown(std::string_view key) const {
  return fmt::format("s3://{}/{}", bucket_, key);
}

std::string S3Client::region() const {
  const std::lock_guard lock(mutex_);
  return region_;
}

bool S3Client::TakeRegion(const HttpReply& reply) {
  if (reply.status != 301 && reply.status != 307 && reply.status != 400) return false;
  const auto found = reply.headers.find("x-amz-bucket-region");
  const std::lock_guard lock(mutex_);
  if (found == reply.headers.end() || found->second == region_) return false;
  region_ = found->second;
  return true;
}

Result<HttpReply> S3Client::Once(const S3Request& request, const CallContext& context) {
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  const auto time = fmt::format("{:%Y%m%dT%H%M%SZ}", now);
  const auto region_now = region();
  auto endpoint = place_.endpoint;
  if (const size_t at = endpoint.find(place_.region + ".amazonaws.com");
      at != std::string::npos && region_now != place_.region) {
    endpoint.replace(at, place_.region.size(), region_now);
  }
  RequestToSign to_sign;
  to_sign.method = request.method;
  to_sign.path = UriEncode(place_.base + request.key, true);
  to_sign.query = request.query;
  to_sign.headers = request.headers;
  to_sign.headers.emplace_back("host", HostOf(endpoint));
  to_sign.headers.emplace_back("x-amz-content-sha256", base::Sha256Hex(request.body));
  to_sign.headers.emplace_back("x-amz-date", time);
  if (!place_.credentials.session_token.empty()) {
    to_sign.headers.emplace_back("x-amz-security-token", place_.credentials.session_token);
  }
  HttpRequest http;
  http.method = request.method;
  http.url = endpoint + to_sign.path;
  if (!request.query.empty()) http.url += "?" + QueryText(request.query);
  for (const auto& [name, value] : to_sign.headers) {
    http.headers.push_back(fmt::format("{}: {}", name, value));
  }
  http.headers.push_back("authorization: " +
                         SignatureV4(to_sign, place_.credentials, region_now, time));
  http.body = request.body;
  return http_.Send(http, request.large, context);
}

Status S3Client::NoReply(const S3Request& request, const Status& cause) const {
  if (cause.IsCancelled()) return cause;
  const auto text = fmt::format("{}: path={}", MessageOf(cause), Shown(request.key));
  if (KindOf(cause) == FailureKind::kTransient) {
    return TransientError(
        "lake: S3 does not answer; check the network and the endpoint, or try "
        "again: " +
            text,
        StoreCodeOf(cause));
  }
  return PermanentError("lake: S3 cannot be asked: " + text, StoreCodeOf(cause));
}

Result<HttpReply> S3Client::Send(const S3Request& request, const CallContext& context,
                                 bool* maybe_taken) {
  base::Backoff pauses(kPauses);
  const auto end = Clock::now() + std::chrono::milliseconds(retry_for_ms_);
  bool region_tried = false;
  while (true) {
    auto reply = Once(request, context);
    if (reply.ok() && !region_tried && TakeRegion(*reply)) {
      region_tried = true;
      continue;
    }
    if (reply.ok() && !MayPass(*reply)) return reply;
    const Status failure = reply.ok() ? Failure(request, *reply) : NoReply(request, reply.status());
    if (maybe_taken != nullptr) {
      const bool untouched = reply.ok() ? NothingDone(*reply) : StoreCodeOf(failure) == "connect";
      *maybe_taken = *maybe_taken || !untouched;
    }
    if (failure.IsCancelled() || KindOf(failure) != FailureKind::kTransient) return failure;
    const auto pause = pauses.Next();
    if (Clock::now() + pause > end) return failure;
    base::WaitFor(pause, context.stop);
    ARROW_RETURN_NOT_OK(context.Check());
  }
}

Status S3Client::Failure(const S3Request& request, const HttpReply& reply) const {
  const auto status = std::to_string(reply.status);
  const auto code = XmlText(reply.body, "Code");
  const auto message = XmlText(reply.body, "Message");
  const auto said =
      fmt::format("{}: {}{}{}{}{}: path={}", WhatFor(request), status, code.empty() ? "" : " ",
                  code, message.empty() ? "" : ": ", message, Shown(request.key));
  if (code == "NoSuchBucket") {
    return ConfigurationError(
        fmt::format("lake: there is no such bucket; check its name, the region and the endpoint: "
                    "bucket={}",
                    bucket_));
  }
  if (reply.status == 401 || reply.status == 403) {
    return PermanentError(
        "lake: access to S3 is denied; check the credentials (AWS_ACCESS_KEY_ID, AWS_PROFILE) and "
        "their right to list, read, write and delete: " +
            said,
        status);
  }
  if (MayPass(reply)) {
    return TransientError("lake: S3 is busy or broken; try again later: " + said, status);
  }
  return PermanentError("lake: S3 refuses a request: " + said, status);
}

}  // namespace ampload::lake
