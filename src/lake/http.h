// HTTP requests by libcurl.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "ampload/call_context.h"
#include "ampload/status.h"

namespace ampload::lake {

struct HttpRequest {
  std::string method;
  std::string url;
  std::vector<std::string> headers;  // "Name: value"
  std::string_view body;             // sent where the method is PUT or POST; outlives the call
};

struct HttpReply {
  int status = 0;
  std::map<std::string, std::string> headers;  // lower-case names
  std::string body;
};

struct HttpSettings {
  int64_t request_ms = 30'000;  // without a byte; and of a small request as a whole
  int64_t connect_ms = 10'000;
  std::string ca_file;  // certificates that are trusted; "": the system's
};

// Keeps connections open between requests. Safe from several threads at once. Servers' certificates
// are verified; redirections are not followed.
class HttpClient {
 public:
  explicit HttpClient(HttpSettings settings);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // Any reply that came whole. Cancelled where the context ended. Transient: no reply, or half of
  // one; the code is "connect" where the server cannot have seen the request. Permanent: a wrong
  // URL; a certificate that cannot be trusted. `large` requests or replies may take as long as
  // bytes flow.
  Result<HttpReply> Send(const HttpRequest& request, bool large, const CallContext& context);

 private:
  void* TakeHandle();
  void GiveBack(void* handle);

  const HttpSettings settings_;
  std::mutex mutex_;
  std::vector<void*> idle_;
};

}  // namespace ampload::lake
