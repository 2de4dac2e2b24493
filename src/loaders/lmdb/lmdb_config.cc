#include "loaders/lmdb/lmdb_config.h"

#include "encode/row_format_encoder.h"

namespace ampload::lmdb {

const OptionTable<LMDBConfig>& LMDBOptions() {
  static const auto* table = new OptionTable<LMDBConfig>(
      OptionTable<LMDBConfig>()
          .Add({.name = "path",
                .required = true,
                .meaning = "folder of the environment; made where it is missing"},
               &LMDBConfig::path)
          .Add({.name = "map_size",
                .type = OptionType::kBytes,
                .default_value = "64MiB",
                .meaning = "first size of the memory map; it grows by itself"},
               &LMDBConfig::map_size)
          .Add({.name = "sync",
                .default_value = "full",
                .meaning = "full: every commit is on the disk; meta_last: a power cut may lose the "
                           "last commit; none: a "
                           "power cut may destroy the environment",
                .choices = {"full", "meta_last", "none"}},
               &LMDBConfig::sync)
          .Add({.name = "key_pattern",
                .meaning = "text of each row's key, made from columns, in place of --key: "
                           "{table}:{block_num}"},
               &LMDBConfig::key_pattern)
          .Add({.name = "value_format",
                .meaning = "how each row is kept; when not given a table's own, of a new table "
                           "msgpack",
                .choices = encode::ValueFormatNames()},
               &LMDBConfig::value_format)
          .Add({.name = "step_bytes",
                .type = OptionType::kBytes,
                .default_value = "32MiB",
                .meaning = "rows are written in steps of about this size; bounds the memory of a "
                           "write transaction"},
               &LMDBConfig::step_bytes));
  return *table;
}

EnvironmentOptions LMDBConfig::environment(bool create) const {
  EnvironmentOptions options;
  options.map_size = map_size;
  options.create = create;
  if (sync == "meta_last") options.sync = SyncMode::kMetaLast;
  if (sync == "none") options.sync = SyncMode::kNone;
  return options;
}

}  // namespace ampload::lmdb
