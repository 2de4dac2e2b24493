// The names of files in _delta_log (the Delta protocol, "File Types"). Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ampload::deltalake {

inline constexpr char kLogFolder[] = "_delta_log";
inline constexpr char kSidecarFolder[] = "_delta_log/_sidecars";
inline constexpr char kLastCheckpoint[] = "_delta_log/_last_checkpoint";

// Written before the first data file of a table that has no log yet.
inline constexpr char kBegun[] = "_ampload/begun.json";

std::string LogEntryPath(int64_t version);    // "_delta_log/00000000000000000042.json"
std::string CheckpointPath(int64_t version);  // "_delta_log/0..042.checkpoint.parquet"
std::string BeforeVersion(int64_t version);   // less than every name of that version

// What a name in that folder stands for.
struct LogName {
  enum class Kind {
    kEntry,       // 0..42.json
    kCheckpoint,  // 0..42.checkpoint.parquet, classic or V2
    kPart,        // 0..42.checkpoint.0..1.0..3.parquet
    kUuid,        // 0..42.checkpoint.<uuid>.parquet or .json: V2
    kChecksum,    // 0..42.crc
    kCompacted,   // 0..42.0..50.compacted.json
  };
  Kind kind = Kind::kEntry;
  int64_t version = 0;
  int64_t part = 0;   // kPart: from 1
  int64_t parts = 0;  // kPart
};

// nullopt: anything else.
std::optional<LogName> ParseLogName(std::string_view name);

}  // namespace ampload::deltalake
