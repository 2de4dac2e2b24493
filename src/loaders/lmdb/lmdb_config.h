// The options of an LMDB target.
#pragma once

#include <cstdint>
#include <string>

#include "ampload/options.h"
#include "loaders/lmdb/environment.h"

namespace ampload::lmdb {

struct LMDBConfig {
  std::string path;
  int64_t map_size = 0;
  std::string sync;
  std::string key_pattern;
  std::string value_format;  // empty: the table's own, of a new table msgpack
  int64_t step_bytes = 0;

  EnvironmentOptions environment(bool create) const;
};

const OptionTable<LMDBConfig>& LMDBOptions();

}  // namespace ampload::lmdb
