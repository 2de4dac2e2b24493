// The config file: TOML, with `[connections.NAME]` tables.
//
//   [connections.local]
//   uri = "lmdb:./data.lmdb"          # or: loader = "lmdb", then its options
//   map_size = "1GiB"
//   password = "${env:PGPASSWORD}"    # replaced, as is ${file:PATH} (trailing newline cut)
//
// Unknown keys, a missing variable or file, and TOML errors are configuration errors with file,
// line and column. A missing variable or file fails its own connection only, when it is used.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "ampload/options.h"
#include "ampload/status.h"

namespace ampload {

struct ConnectionConfig {
  std::string name;
  std::string loader;   // empty where `uri` decides
  std::string uri;      // empty where `loader` decides
  ConfigMap options;    // the rest, as text; they win over what the URI says
  Status problem = {};  // why this connection cannot be used: a missing variable or file
};

struct ConfigFile {
  std::string path;  // empty: there was none
  std::map<std::string, ConnectionConfig> connections;
};

// `explicit_path` (--config) must exist; else ./ampload.toml, else
// $XDG_CONFIG_HOME/ampload/config.toml (default ~/.config), else an empty ConfigFile.
Result<ConfigFile> ReadConfigFile(const std::optional<std::string>& explicit_path);
Result<ConfigFile> ParseConfigFile(std::string_view text, const std::string& path);

// ${env:NAME} and ${file:PATH} replaced, once; "$${" is a literal "${". A relative path is looked
// up in the current folder. `where` begins the error.
Result<std::string> Interpolate(std::string_view text, std::string_view where);

}  // namespace ampload
