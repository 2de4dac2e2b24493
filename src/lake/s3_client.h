// Requests to one bucket: signed, repeated while it may help, failures translated.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "ampload/call_context.h"
#include "ampload/status.h"
#include "lake/http.h"
#include "lake/object_store.h"
#include "lake/s3_place.h"

namespace ampload::lake {

struct S3Request {
  std::string method;
  std::string key;  // of the bucket; "": the bucket itself
  NamedTexts query;
  NamedTexts headers;  // lower-case names; to be signed
  std::string_view body;
  bool large = false;  // it, or its reply: takes as long as bytes flow
};

// Safe from several threads at once.
class S3Client {
 public:
  S3Client(std::string bucket, S3Place place, const S3Settings& settings);

  const std::string& bucket() const { return bucket_; }
  const std::string& endpoint() const { return place_.endpoint; }

  // The reply, unless it is one that may be another the next time (5xx, 429, 408, 409): those, and
  // requests without a reply, are repeated with pauses for the settings' time and are then a
  // transient failure. `maybe_taken` (may be null) is set once the server may have carried out a
  // request whose good reply did not come.
  Result<HttpReply> Send(const S3Request& request, const CallContext& context,
                         bool* maybe_taken = nullptr);

  // What a reply that was not hoped for means.
  Status Failure(const S3Request& request, const HttpReply& reply) const;
  std::string Shown(std::string_view key) const;  // "s3://bucket/key"

 private:
  Result<HttpReply> Once(const S3Request& request, const CallContext& context);
  std::string region() const;
  bool TakeRegion(const HttpReply& reply);
  Status NoReply(const S3Request& request, const Status& cause) const;

  const std::string bucket_;
  const S3Place place_;
  const int64_t retry_for_ms_;
  HttpClient http_;
  mutable std::mutex mutex_;
  std::string region_;  // as the bucket said
};

}  // namespace ampload::lake
