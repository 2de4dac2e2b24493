#include "lake/http.h"
#include "base/ascii.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

namespace ampload::lake {
namespace {

struct FreeList {
  void operator()(curl_slist* list) const { ::curl_slist_free_all(list); }
};
using HeaderList = std::unique_ptr<curl_slist, FreeList>;

struct Exchange {
  std::string_view to_send;
  size_t sent = 0;
  HttpReply reply;
  const CallContext* context = nullptr;
};

size_t OnSend(char* out, size_t size, size_t count, void* data) {
  auto& exchange = *static_cast<Exchange*>(data);
  const auto part = exchange.to_send.substr(exchange.sent, size * count);
  std::memcpy(out, part.data(), part.size());
  exchange.sent += part.size();
  return part.size();
}

int OnSeek(void* data, curl_off_t offset, int origin) {
  if (origin != SEEK_SET) return CURL_SEEKFUNC_CANTSEEK;
  static_cast<Exchange*>(data)->sent = static_cast<size_t>(offset);
  return CURL_SEEKFUNC_OK;
}

size_t OnBody(char* in, size_t size, size_t count, void* data) {
  try {
    static_cast<Exchange*>(data)->reply.body.append(in, size * count);
  } catch (const std::bad_alloc&) {
    return 0;
  }
  return size * count;
}

size_t OnHeader(char* in, size_t size, size_t count, void* data) {
  auto& reply = static_cast<Exchange*>(data)->reply;
  const std::string_view line(in, size * count);
  if (line.starts_with("HTTP/")) reply.headers.clear();  // those of a 100 Continue
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return line.size();
  std::string name = base::LowerAscii(line.substr(0, colon));
  auto value = line.substr(colon + 1);
  constexpr std::string_view kBlank = " \t\r\n";
  value.remove_prefix(std::min(value.find_first_not_of(kBlank), value.size()));
  value = value.substr(0, value.find_last_not_of(kBlank) + 1);
  reply.headers[std::move(name)] = value;
  return line.size();
}

int OnProgress(void* data, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<Exchange*>(data)->context->Check().ok() ? 0 : 1;
}

Status FailureOf(CURLcode code, const char* detail, const HttpRequest& request) {
  const auto text =
      fmt::format("{}: {}", request.method, *detail != '\0' ? detail : ::curl_easy_strerror(code));
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_CONNECT:
    case CURLE_SSL_CONNECT_ERROR:
      return TransientError(text, "connect");
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
      return PermanentError(text, "certificate");
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return PermanentError(text, "url");
    case CURLE_OPERATION_TIMEDOUT:
      return TransientError(text, "timeout");
    default:
      return TransientError(text, "reply");
  }
}

void SetBody(CURL* handle, const HttpRequest& request) {
  const auto size = static_cast<curl_off_t>(request.body.size());
  if (request.method == "PUT") {
    ::curl_easy_setopt(handle, CURLOPT_UPLOAD, 1L);
    ::curl_easy_setopt(handle, CURLOPT_INFILESIZE_LARGE, size);
  } else if (request.method == "POST") {
    ::curl_easy_setopt(handle, CURLOPT_POST, 1L);
    ::curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, size);
  } else if (request.method == "HEAD") {
    ::curl_easy_setopt(handle, CURLOPT_NOBODY, 1L);
  } else {
    ::curl_easy_setopt(handle, CURLOPT_HTTPGET, 1L);
    ::curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }
}

}  // namespace

HttpClient::HttpClient(HttpSettings settings) : settings_(std::move(settings)) {
  // Never undone: others in this process may use libcurl, too.
  [[maybe_unused]] static const CURLcode ready = ::curl_global_init(CURL_GLOBAL_DEFAULT);
}

HttpClient::~HttpClient() {
  for (auto* handle : idle_) ::curl_easy_cleanup(handle);
}

void* HttpClient::TakeHandle() {
  const std::lock_guard lock(mutex_);
  if (idle_.empty()) return ::curl_easy_init();
  auto* handle = idle_.back();
  idle_.pop_back();
  return handle;
}

void HttpClient::GiveBack(void* handle) {
  ::curl_easy_reset(handle);  // keeps its connections
  const std::lock_guard lock(mutex_);
  idle_.push_back(handle);
}

Result<HttpReply> HttpClient::Send(const HttpRequest& request, bool large,
                                   const CallContext& context) {
  ARROW_RETURN_NOT_OK(context.Check());
  CURL* const handle = TakeHandle();
  if (handle == nullptr) return PermanentError("libcurl cannot be started");
  HeaderList headers;
  // An empty "Expect:": bodies are sent at once.
  for (const auto* line : {"Expect:", "Content-Type:", "Accept:"}) {
    headers.reset(::curl_slist_append(headers.release(), line));
  }
  for (const auto& line : request.headers) {
    headers.reset(::curl_slist_append(headers.release(), line.c_str()));
  }
  Exchange exchange;
  exchange.to_send = request.body;
  exchange.context = &context;
  char detail[CURL_ERROR_SIZE] = "";
  SetBody(handle, request);
  ::curl_easy_setopt(handle, CURLOPT_URL, request.url.c_str());
  ::curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  ::curl_easy_setopt(handle, CURLOPT_PATH_AS_IS, 1L);
  ::curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers.get());
  ::curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, detail);
  ::curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  ::curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(settings_.connect_ms));
  if (!settings_.ca_file.empty()) {
    ::curl_easy_setopt(handle, CURLOPT_CAINFO, settings_.ca_file.c_str());
  }
  if (large) {
    const auto seconds = std::max<int64_t>(1, settings_.request_ms / 1000);
    ::curl_easy_setopt(handle, CURLOPT_LOW_SPEED_LIMIT, 1L);
    ::curl_easy_setopt(handle, CURLOPT_LOW_SPEED_TIME, static_cast<long>(seconds));
  } else {
    ::curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(settings_.request_ms));
  }
  ::curl_easy_setopt(handle, CURLOPT_READFUNCTION, OnSend);
  ::curl_easy_setopt(handle, CURLOPT_READDATA, &exchange);
  ::curl_easy_setopt(handle, CURLOPT_SEEKFUNCTION, OnSeek);
  ::curl_easy_setopt(handle, CURLOPT_SEEKDATA, &exchange);
  ::curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, OnBody);
  ::curl_easy_setopt(handle, CURLOPT_WRITEDATA, &exchange);
  ::curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, OnHeader);
  ::curl_easy_setopt(handle, CURLOPT_HEADERDATA, &exchange);
  ::curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
  ::curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, OnProgress);
  ::curl_easy_setopt(handle, CURLOPT_XFERINFODATA, &exchange);
  ::curl_easy_setopt(handle, CURLOPT_UPLOAD_BUFFERSIZE, 512L << 10);
  ::curl_easy_setopt(handle, CURLOPT_BUFFERSIZE, 256L << 10);

  const CURLcode code = ::curl_easy_perform(handle);
  long status = 0;
  ::curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
  double connected = 0;
  ::curl_easy_getinfo(handle, CURLINFO_PRETRANSFER_TIME, &connected);
  GiveBack(handle);
  if (code == CURLE_OK) {
    exchange.reply.status = static_cast<int>(status);
    return std::move(exchange.reply);
  }
  ARROW_RETURN_NOT_OK(context.Check());
  const Status failure = FailureOf(code, detail, request);
  if (code == CURLE_OPERATION_TIMEDOUT && connected == 0) {
    return TransientError(failure.message(), "connect");  // it never came to the request
  }
  return failure;
}

}  // namespace ampload::lake
