// A target's URI as options. What is wrong is never quoted: there may be a password in it.
#include <charconv>
#include <string>

#include "ampload/registry.h"
#include "loaders/redis/redis_config.h"

namespace ampload::redis {
namespace {

constexpr std::string_view kForms =
    "redis://host[:port][/database][?option=value&...], with user:password@ in front of the host, "
    "rediss:// for TLS, or unix:///path/to/socket";

Status Unclear(const std::string& why) {
  return ConfigurationError("redis: " + why + "; write " + std::string(kForms));
}

// Percent signs undone. `part` has no ? and does not begin with //.
Result<std::string> Decoded(std::string_view part) {
  ARROW_ASSIGN_OR_RAISE(ConfigMap one, ParsePathUri("redis:" + std::string(part), "part"));
  return one["part"];
}

Status Put(const std::string& name, std::string_view part, ConfigMap* out) {
  if (part.empty()) return Status::OK();
  ARROW_ASSIGN_OR_RAISE((*out)[name], Decoded(part));
  return Status::OK();
}

Status TakeUser(std::string_view text, ConfigMap* out) {
  const size_t colon = text.find(':');
  ARROW_RETURN_NOT_OK(Put("user", text.substr(0, colon), out));
  if (colon == std::string_view::npos) return Status::OK();
  return Put("password", text.substr(colon + 1), out);
}

// "host", "host:6379", "[::1]:6379".
Status TakeServer(std::string_view text, ConfigMap* out) {
  std::string_view host = text;
  std::string_view port;
  if (text.starts_with('[')) {
    const size_t end = text.find(']');
    if (end == std::string_view::npos) return Unclear("an IPv6 address ends with ]");
    host = text.substr(1, end - 1);
    port = text.substr(end + 1);
    if (!port.empty() && !port.starts_with(':')) return Unclear("after ] comes :port");
  } else if (const size_t colon = text.find(':'); colon != std::string_view::npos) {
    host = text.substr(0, colon);
    port = text.substr(colon);
  }
  if (!port.empty()) {
    port.remove_prefix(1);
    int number = 0;
    const auto parsed = std::from_chars(port.data(), port.data() + port.size(), number);
    if (port.empty() || parsed.ec != std::errc() || parsed.ptr != port.data() + port.size()) {
      return Unclear("the port is a number; in a password write %2F for /, %3F for ?, %40 for @");
    }
    (*out)["port"] = port;
  }
  return Put("host", host, out);
}

Status TakeDatabase(std::string_view path, ConfigMap* out) {
  if (path.starts_with('/')) path.remove_prefix(1);
  if (path.empty()) return Status::OK();
  int64_t number = 0;
  const auto parsed = std::from_chars(path.data(), path.data() + path.size(), number);
  if (parsed.ec != std::errc() || parsed.ptr != path.data() + path.size()) {
    return Unclear("behind the server comes the database's number");
  }
  (*out)["database"] = path;
  return Status::OK();
}

// "//[user@]host:port/database" or "//[user@]/path/to/socket", without the query.
Status TakePlace(std::string_view rest, bool is_unix, ConfigMap* out) {
  if (!rest.starts_with("//")) {
    if (is_unix && rest.starts_with('/')) return Put("socket", rest, out);
    return rest.empty() && !is_unix ? Status::OK() : Unclear("a target has // behind its scheme");
  }
  rest.remove_prefix(2);
  const size_t slash = std::min(rest.find('/'), rest.size());
  std::string_view authority = rest.substr(0, slash);
  const std::string_view path = rest.substr(slash);
  if (const size_t at = authority.rfind('@'); at != std::string_view::npos) {
    ARROW_RETURN_NOT_OK(TakeUser(authority.substr(0, at), out));
    authority.remove_prefix(at + 1);
  }
  if (!is_unix) {
    ARROW_RETURN_NOT_OK(TakeServer(authority, out));
    return TakeDatabase(path, out);
  }
  if (!authority.empty() || path.empty() || path.starts_with("//")) {
    return Unclear("a socket's path begins with /");
  }
  return Put("socket", path, out);
}

Status Take(std::string_view rest, bool is_unix, ConfigMap* out) {
  const size_t question = rest.find('?');
  ARROW_RETURN_NOT_OK(TakePlace(rest.substr(0, question), is_unix, out));
  if (question == std::string_view::npos) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(const auto query,
                        ParsePathUri("redis:" + std::string(rest.substr(question)), "part"));
  for (const auto& [name, value] : query) {
    if (name == "url") return Unclear("the option url has no place in a URI");
    if (!out->emplace(name, value).second) {
      return ConfigurationError("redis: option is given twice: option=" + name);
    }
  }
  return Status::OK();
}

}  // namespace

Result<ConfigMap> ParseRedisUri(std::string_view uri) {
  const size_t colon = std::min(uri.find(':'), uri.size());
  const std::string_view scheme = uri.substr(0, colon);
  const bool is_unix = scheme == "unix" || scheme == "redis+unix";
  if (colon == uri.size() || (!is_unix && scheme != "redis" && scheme != "rediss")) {
    return Unclear("this is no target of Redis");
  }
  ConfigMap out;
  if (scheme == "rediss") out["tls"] = "true";
  ARROW_RETURN_NOT_OK(Take(uri.substr(colon + 1), is_unix, &out));
  return out;
}

}  // namespace ampload::redis
