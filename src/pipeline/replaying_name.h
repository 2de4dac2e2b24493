// The name of a quarantine whose rows are on their way into a table: whoever finds the file after a
// crash knows which store to ask, as of the moment when the file has the name.
//
//   FILE.replaying-<16 hex digits>-<load id>@<target>@<table>
//
// The digits are those of target and table (SHA-256, the first 8 bytes). The two themselves are for
// a person: bytes that a file's name or a shell does not like are %XX, and their end is cut where
// the name would be longer than 255 bytes.
#pragma once

#include <optional>
#include <string>

namespace ampload::pipeline {

struct ReplayPlace {
  std::string target;  // as Quarantine's: without secrets, the same from every folder
  std::string table;
};

inline constexpr char kReplaying[] = ".replaying-";

std::string MakeReplayingName(const std::string& path, const std::string& load_id,
                              const ReplayPlace& place);

struct ReplayingName {
  std::string load_id;
  std::string digest;
  std::string place;  // for a person: "<target>@<table>"

  bool is_to(const ReplayPlace& wanted) const;
};
// nullopt: a name that MakeReplayingName did not make.
std::optional<ReplayingName> ParseReplayingName(const std::string& path, const std::string& name);

}  // namespace ampload::pipeline
