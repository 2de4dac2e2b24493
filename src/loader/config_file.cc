#include "loader/config_file.h"

#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <utility>

#include "base/nearest_name.h"
#include "loader/text_file.h"

#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

namespace ampload {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxConfigBytes = 16 << 20;

std::string PlaceOf(const std::string& path, const toml::source_region& source) {
  return path + ":" + std::to_string(source.begin.line) + ":" + std::to_string(source.begin.column);
}

Status UnknownKey(const std::string& where, std::string_view key,
                  const std::vector<std::string>& known) {
  std::string message = where + ": unknown key " + std::string(key);
  if (const auto nearest = base::NearestName(key, known)) {
    message += ": did you mean " + *nearest + "?";
  }
  return ConfigurationError(message);
}

std::string FloatToText(double value) {
  char buffer[64];
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof(buffer), value);
  return error == std::errc() ? std::string(buffer, end) : std::string();
}

// A value as an option's text. Lists, tables and dates are none.
Result<std::string> ToText(const toml::node& node, const std::string& where) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* integer = node.as_integer()) return std::to_string(integer->get());
  if (const auto* boolean = node.as_boolean()) return boolean->get() ? "true" : "false";
  if (const auto* number = node.as_floating_point()) return FloatToText(number->get());
  return ConfigurationError(where + ": expected a text, a number, true or false");
}

Status SetMember(std::string_view key, std::string text, ConnectionConfig* out) {
  if (key == "uri") {
    out->uri = std::move(text);
  } else if (key == "loader") {
    out->loader = std::move(text);
  } else {
    out->options[std::string(key)] = std::move(text);
  }
  return Status::OK();
}

Result<ConnectionConfig> ReadConnection(const std::string& path, std::string name,
                                        const toml::node& node) {
  const std::string place = PlaceOf(path, node.source());
  const std::string title = "connections." + name;
  const auto* table = node.as_table();
  if (table == nullptr) {
    return ConfigurationError(place + ": write it as a table: [" + title + "]");
  }
  ConnectionConfig out;
  out.name = std::move(name);
  for (const auto& [key, value] : *table) {
    const std::string where =
        PlaceOf(path, value.source()) + ": " + title + "." + std::string(key.str());
    ARROW_ASSIGN_OR_RAISE(const std::string raw, ToText(value, where));
    // A variable that only another connection needs must not stop this one.
    auto text = Interpolate(raw, where);
    if (text.ok()) {
      ARROW_RETURN_NOT_OK(SetMember(key.str(), *std::move(text), &out));
    } else if (out.problem.ok()) {
      out.problem = text.status();
    }
  }
  if (table->contains("uri") == table->contains("loader")) {
    return ConfigurationError(place + ": " + title + ": give either uri or loader");
  }
  return out;
}

Status ReadConnections(const std::string& path, const toml::node& node, ConfigFile* out) {
  const auto* table = node.as_table();
  if (table == nullptr) {
    return ConfigurationError(PlaceOf(path, node.source()) +
                              ": write connections as tables: [connections.NAME]");
  }
  for (const auto& [key, value] : *table) {
    const std::string name(key.str());
    ARROW_ASSIGN_OR_RAISE(out->connections[name], ReadConnection(path, name, value));
  }
  return Status::OK();
}

// Where a config file lies when none is named; nullopt: nowhere.
std::optional<std::string> FindConfigFile() {
  std::error_code error;
  std::vector<fs::path> candidates = {"ampload.toml"};
  const char* config_home = std::getenv("XDG_CONFIG_HOME");
  const char* home = std::getenv("HOME");
  if (config_home != nullptr && *config_home == '/') {
    candidates.push_back(fs::path(config_home) / "ampload" / "config.toml");
  } else if (home != nullptr && *home != '\0') {
    candidates.push_back(fs::path(home) / ".config" / "ampload" / "config.toml");
  }
  for (const auto& candidate : candidates) {
    if (fs::exists(candidate, error)) return candidate.string();
  }
  return std::nullopt;
}

}  // namespace

Result<ConfigFile> ParseConfigFile(std::string_view text, const std::string& path) {
  const auto parsed = toml::parse(text, path);
  if (!parsed) {
    return ConfigurationError(PlaceOf(path, parsed.error().source()) + ": " +
                              std::string(parsed.error().description()));
  }
  ConfigFile out;
  out.path = path;
  for (const auto& [key, value] : parsed.table()) {
    if (key.str() != "connections") {
      return UnknownKey(PlaceOf(path, value.source()), key.str(), {"connections"});
    }
    ARROW_RETURN_NOT_OK(ReadConnections(path, value, &out));
  }
  return out;
}

Result<ConfigFile> ReadConfigFile(const std::optional<std::string>& explicit_path) {
  const auto path = explicit_path.has_value() ? explicit_path : FindConfigFile();
  if (!path.has_value()) return ConfigFile{};
  ARROW_ASSIGN_OR_RAISE(const std::string text, ReadTextFile(*path, kMaxConfigBytes));
  return ParseConfigFile(text, *path);
}

}  // namespace ampload
