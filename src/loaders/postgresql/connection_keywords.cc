// From a target's URI and options to the keywords that libpq takes. Texts of libpq's are never
// shown whole: they quote what was given, which may have a password in it.
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "ampload/registry.h"
#include "base/nearest_name.h"
#include "loaders/postgresql/postgresql_config.h"

namespace ampload::postgresql {
namespace {

constexpr std::string_view kForms =
    "postgresql://user@host/database, postgresql:host=... dbname=..., or postgresql: alone for "
    "what the environment says";

using Parsed = std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)>;

// libpq's message with all that it quotes hidden, but for single characters.
std::string WithoutQuotes(std::string_view message) {
  std::string out;
  while (true) {
    const size_t open = message.find('"');
    out += message.substr(0, open);
    if (open == std::string_view::npos) break;
    const size_t close = message.find('"', open + 1);
    if (close == std::string_view::npos) return out + "\"***";
    out += close - open <= 2 ? message.substr(open, close - open + 1) : "\"***\"";
    message.remove_prefix(close + 1);
  }
  while (out.ends_with('\n')) out.pop_back();
  return out;
}

Result<Parsed> ParseConnection(const std::string& text) {
  char* error = nullptr;
  Parsed parsed(PQconninfoParse(text.c_str(), &error), PQconninfoFree);
  if (parsed != nullptr) return parsed;
  const std::string why = error == nullptr ? "out of memory" : WithoutQuotes(error);
  PQfreemem(error);
  return ConfigurationError("postgresql: libpq does not understand the connection: " + why +
                            "; write " + std::string(kForms));
}

std::vector<std::string> KnownKeywords() {
  std::vector<std::string> names;
  const auto parsed = ParseConnection("");
  if (!parsed.ok()) return names;
  for (const auto* option = parsed->get(); option->keyword != nullptr; ++option) {
    names.emplace_back(option->keyword);
  }
  names.emplace_back("ssl");  // in URIs alone: ssl=true, as JDBC has it
  return names;
}

bool Contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::vector<std::string> OurNames() {
  std::vector<std::string> names;
  for (const auto& spec : PostgreSQLOptions().specs()) names.push_back(spec.name);
  return names;
}

// Where the query of a URI begins, behind a password that may have a ? in it.
size_t FindQuery(std::string_view uri) {
  const size_t authority = uri.find("//");
  if (authority == std::string_view::npos) return uri.find('?');
  const size_t end = uri.find_first_of("@/", authority + 2);
  return uri.find('?', end == std::string_view::npos ? 0 : end);
}

// The query's options of ours into `out`; what it returns is libpq's, as it stood there.
Result<std::string> TakeOurs(std::string_view query, ConfigMap* out) {
  static const auto* libpqs = new std::vector<std::string>(KnownKeywords());
  const auto ours = OurNames();
  std::string kept;
  while (!query.empty()) {
    const std::string part(query.substr(0, query.find('&')));
    query.remove_prefix(std::min(part.size() + 1, query.size()));
    // ParsePathUri knows names, values and their percent signs.
    ARROW_ASSIGN_OR_RAISE(const ConfigMap one, ParsePathUri("postgresql:?" + part, "path"));
    if (one.empty()) continue;
    const auto& [name, value] = *one.begin();
    if (Contains(*libpqs, name)) {
      kept += (kept.empty() ? "" : "&") + part;
    } else if (!Contains(ours, name) || name == "connection") {
      auto all = ours;
      all.insert(all.end(), libpqs->begin(), libpqs->end());
      const auto nearest = base::NearestName(name, all);
      return ConfigurationError("postgresql: unknown option " + name +
                                (nearest ? ": did you mean " + *nearest + "?" : std::string()));
    } else if (!out->emplace(name, value).second) {
      return ConfigurationError("postgresql: option is given twice: option=" + name);
    }
  }
  return kept;
}

Result<std::string> FirstLineOf(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  if (!file || !std::getline(file, line)) {
    return ConfigurationError(
        "postgresql: password_file cannot be read, or is empty: password_file=" + path);
  }
  while (line.ends_with('\r')) line.pop_back();
  return line;
}

bool IsSet(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

void SetTimeout(int64_t connect_timeout_ms, ConnectionKeywords* keywords) {
  constexpr int64_t kMs = 1000;
  if (connect_timeout_ms > 0) {
    (*keywords)["connect_timeout"] = std::to_string((connect_timeout_ms + kMs - 1) / kMs);
  } else if (!keywords->contains("service") && !IsSet("PGCONNECT_TIMEOUT") && !IsSet("PGSERVICE")) {
    keywords->emplace("connect_timeout", "10");
  }
}

}  // namespace

Result<ConfigMap> ParsePostgreSQLUri(std::string_view uri) {
  const size_t colon = uri.find(':');
  if (colon == std::string_view::npos) {
    return ConfigurationError("postgresql: a target is " + std::string(kForms));
  }
  ConfigMap out;
  const std::string_view rest = uri.substr(colon + 1);
  if (!rest.empty() && !rest.starts_with("//") && !rest.starts_with('?')) {
    if (rest.find('=') == std::string_view::npos) {
      return ConfigurationError("postgresql: a target is " + std::string(kForms));
    }
    out["connection"] = rest;
    return out;
  }
  const size_t question = FindQuery(rest);
  std::string connection(rest.substr(0, question));
  std::string kept;
  if (question != std::string_view::npos) {
    ARROW_ASSIGN_OR_RAISE(kept, TakeOurs(rest.substr(question + 1), &out));
  }
  if (connection.empty() && kept.empty()) return out;
  if (connection.empty()) connection = "//";
  out["connection"] = "postgresql:" + connection + (kept.empty() ? "" : "?" + kept);
  return out;
}

Result<ConnectionKeywords> PostgreSQLConfig::keywords() const {
  ConnectionKeywords keywords;
  ARROW_ASSIGN_OR_RAISE(const auto parsed, ParseConnection(connection));
  for (const auto* option = parsed.get(); option->keyword != nullptr; ++option) {
    if (option->val != nullptr) keywords[option->keyword] = option->val;
  }
  const auto set = [&](const char* name, const std::string& value) {
    if (!value.empty()) keywords[name] = value;
  };
  if (!host.empty()) keywords.erase("hostaddr");
  set("host", host);
  set("port", port == 0 ? "" : std::to_string(port));
  set("dbname", dbname);
  set("user", user);
  set("password", password);
  if (!password_file.empty()) {
    ARROW_ASSIGN_OR_RAISE(keywords["password"], FirstLineOf(password_file));
  }
  set("service", service);
  set("sslmode", sslmode);
  set("sslrootcert", sslrootcert);
  set("sslcert", sslcert);
  set("sslkey", sslkey);
  set("application_name", application_name);
  keywords.emplace("fallback_application_name", "ampload");
  SetTimeout(connect_timeout, &keywords);
  keywords["client_encoding"] =
      "UTF8";  // text travels as its bytes, whatever PGCLIENTENCODING says
  return keywords;
}

}  // namespace ampload::postgresql
