// The session's start and its question after an unknown outcome.
#include <arrow/type_traits.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <utility>

#include "ampload/fault_point.h"
#include "base/random.h"
#include "loader/identifier.h"
#include "loader/schema_change.h"
#include "loaders/lmdb/open_loads.h"
#include "loaders/lmdb/session.h"

namespace ampload::lmdb {
namespace {

std::string HostName() {
  char name[256] = {};
  return gethostname(name, sizeof name - 1) == 0 ? std::string(name) : std::string("unknown");
}

std::string NowRfc3339() {
  const time_t now = time(nullptr);
  struct tm parts;
  gmtime_r(&now, &parts);
  char text[32];
  strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

std::string NamesOf(const std::vector<Checkpoint>& checkpoints) {
  std::string names;
  for (const auto& checkpoint : checkpoints)
    names += (names.empty() ? "" : ", ") + checkpoint.pipeline;
  return names;
}

}  // namespace

Result<Recovered> LmdbSession::Recover(RecoverMode mode, const CallContext& context) {
  ARROW_RETURN_NOT_OK(context.Check());
  if (mode == RecoverMode::kSettle) return Settle();
  if (recovered_) {
    return ConfigurationError("lmdb: a session takes over once: table=" + spec_.name);
  }
  return TakeOver();
}

Result<Recovered> LmdbSession::TakeOver() {
  if (spec_.streaming && spec_.on_duplicate == DuplicatePolicy::kReplace) {
    return ConfigurationError(
        "lmdb: a stream cannot replace existing keys; take --on-duplicate fail: table=" +
        spec_.name);
  }
  ARROW_ASSIGN_OR_RAISE(environment_,
                        Environment::Open(config_.path, config_.environment(/*create=*/true)));
  load_.nonce = base::RandomNonce();
  load_.hidden = std::string(kCatalogName) + "/new/" + load_.nonce;
  load_.pipeline = spec_.pipeline;
  load_.pid = getpid();
  load_.host = HostName();
  load_.started_at = NowRfc3339();
  ARROW_ASSIGN_OR_RAISE(lock_, LoadLock::Take(environment_->path(), load_.nonce));

  ARROW_RETURN_NOT_OK(RefuseWhereALiveLoadHoldsTheTable());

  Recovered recovered;
  AMPLOAD_FAULT_POINT("lmdb.open_load.begin");
  ARROW_RETURN_NOT_OK(
      WriteWhenClear(0, /*take_over=*/true, &recovered.cleaned_up, [&](Transaction& txn) -> Status {
        ARROW_RETURN_NOT_OK(InstallFence(txn, &recovered));
        AMPLOAD_FAULT_POINT("lmdb.open_load.before_commit");
        return Status::OK();
      }));
  load_recorded_ = one_off();
  recovered_ = true;
  AMPLOAD_FAULT_POINT("lmdb.open_load.after_commit");
  return recovered;
}

// Asked in a read transaction first: whoever holds the table may stand still inside a write
// transaction, and then nobody else's would begin.
Status LmdbSession::RefuseWhereALiveLoadHoldsTheTable() {
  ARROW_ASSIGN_OR_RAISE(auto txn, environment_->BeginRead());
  return RefuseLiveObstacle(txn, {spec_.name, spec_.pipeline, load_.nonce});
}

Status LmdbSession::InstallFence(Transaction& txn, Recovered* recovered) {
  ARROW_ASSIGN_OR_RAISE(auto catalog, Catalog::Open(txn, true));
  ARROW_ASSIGN_OR_RAISE(auto others, catalog.ReadCheckpoints(spec_.name));
  std::erase_if(others, [&](const Checkpoint& one) { return one.pipeline == spec_.pipeline; });
  ARROW_ASSIGN_OR_RAISE(
      fence_, one_off() ? std::nullopt : catalog.ReadCheckpoint(spec_.name, spec_.pipeline));
  replacing_ = spec_.mode == LoadMode::kOverwrite && (!fence_.has_value() || fence_->sequence == 0);
  if (replacing_ && !others.empty() && !spec_.force) {
    return ConfigurationError(
        "lmdb: overwriting would remove the place of other pipelines that write this table; "
        "give --force to do it: table=" +
        spec_.name + " pipelines=" + NamesOf(others));
  }
  load_.overwrite = replacing_;
  ARROW_RETURN_NOT_OK(CheckTable(txn, catalog));
  ARROW_ASSIGN_OR_RAISE(encoder_, RowEncoder::Make(spec_.schema, key_, format_, spec_.name));
  if (table_.has_value()) recovered->remembered_loads = table_->remembered;
  recovered->remembers_all = recovered->remembered_loads.size() < kRemembered;
  recovered->load_id = load_.nonce;
  recovered->evolved = evolution_;
  if (table_.has_value() && !replacing_) {
    next_table_ = *table_;
    next_table_.schema = evolved_schema_;
  } else {
    next_table_ = TableRecord();
    next_table_.uuid = base::RandomNonce();
    next_table_.key = key_;
    next_table_.value_format = format_;
    next_table_.schema = spec_.schema;
    next_table_.remembered = recovered->remembered_loads;
  }
  load_.uuid = next_table_.uuid;
  if (one_off()) return catalog.WriteLoad(spec_.name, load_);
  return InstallPipeline(catalog, others, recovered);
}

Status LmdbSession::InstallPipeline(Catalog& catalog, const std::vector<Checkpoint>& others,
                                    Recovered* recovered) {
  recovered->finding = RecoverFinding::kFresh;
  if (fence_.has_value() && fence_->sequence > 0) {
    if (!table_.has_value() || table_->uuid != fence_->table_identity) {
      return PermanentError(
          "lmdb: the pipeline has a checkpoint, but its table is " +
          std::string(table_.has_value() ? "another one now" : "gone") +
          "; nothing was changed. Load under another --pipeline name to start afresh: table=" +
          spec_.name + " pipeline=" + spec_.pipeline);
    }
    recovered->finding = RecoverFinding::kResumed;
    recovered->checkpoint = *fence_;
  }
  if (!fence_.has_value()) {
    if (!others.empty() && !spec_.add_pipeline) {
      return ConfigurationError(
          "lmdb: another pipeline writes this table; name yours with --pipeline, or allow it "
          "with --add-pipeline: table=" +
          spec_.name + " pipelines=" + NamesOf(others));
    }
    fence_.emplace();
    fence_->table = spec_.name;
    fence_->pipeline = spec_.pipeline;
    const auto taken = [&](int64_t slot) {
      return std::any_of(others.begin(), others.end(),
                         [&](const Checkpoint& one) { return one.slot == slot; });
    };
    while (taken(fence_->slot)) ++fence_->slot;
    if (fence_->slot > BatchId::kMaxSlot) {
      return PermanentError("lmdb: too many pipelines write this table: table=" + spec_.name);
    }
  }
  fence_->owner = load_.nonce;
  fence_->epoch.value += 1;
  fence_->store_handle = load_.Holder();
  recovered->slot = fence_->slot;
  if (recovered->checkpoint.has_value()) recovered->checkpoint = *fence_;
  return catalog.WriteCheckpoint(*fence_);
}

Status LmdbSession::CheckTable(Transaction& txn, Catalog& catalog) {
  ARROW_ASSIGN_OR_RAISE(table_, catalog.ReadTable(spec_.name));
  ARROW_ASSIGN_OR_RAISE(const auto dbi, txn.OpenDatabase(spec_.name, false));
  if (dbi.has_value() && !table_.has_value()) {
    return ConfigurationError(
        "lmdb: the environment has a database of this name that ampload did not make, and its rows "
        "are unknown; choose another --table: environment=" +
        environment_->path() + " table=" + spec_.name);
  }
  if (!dbi.has_value()) table_.reset();
  if (dbi.has_value() && !replacing_) ARROW_RETURN_NOT_OK(MeasureTable(txn, *dbi));
  if (!table_.has_value() && !spec_.create_table) {
    return ConfigurationError("lmdb: the table is missing and is not to be made: environment=" +
                              environment_->path() + " table=" + spec_.name);
  }
  const KeyDefinition wanted{spec_.keys, config_.key_pattern};
  if (!wanted.columns.empty() && !wanted.pattern.empty()) {
    return ConfigurationError("lmdb: give --key or key_pattern, not both: table=" + spec_.name);
  }
  key_ = wanted;
  ARROW_RETURN_NOT_OK(ChooseFormat());
  if (!table_.has_value() || replacing_) return Status::OK();
  if (wanted.is_row_number()) {
    key_ = table_->key;
  } else if (!(wanted == table_->key)) {
    return ConfigurationError(
        "lmdb: the table's rows have another key; load with that one, or overwrite the table: "
        "table=" +
        spec_.name + " key=[" + table_->key.ToString() + "] wanted=[" + wanted.ToString() + "]");
  }
  return CheckSchema(*table_);
}

// A table's rows all have the format that it was made with; only an overwrite can change it.
Status LmdbSession::ChooseFormat() {
  format_ = table_.has_value() ? table_->value_format : encode::ValueFormat::kMsgpack;
  if (config_.value_format.empty()) return Status::OK();
  const auto wanted = encode::ValueFormatOf(config_.value_format);
  if (!wanted.has_value()) {
    return ConfigurationError("lmdb: there is no such value format: value_format=" +
                              config_.value_format);
  }
  if (table_.has_value() && !replacing_ && *wanted != format_) {
    return ConfigurationError(
        "lmdb: the table's rows have another value format; leave value_format out to go on with "
        "it, or overwrite the table: table=" +
        spec_.name + " value_format=" + std::string(ToString(format_)) +
        " wanted=" + config_.value_format);
  }
  format_ = *wanted;
  return Status::OK();
}

// The digits of a float32 in JSON are its fewest: read as a float64 they are another number.
Status LmdbSession::CheckFloats(const TableRecord& record) const {
  if (record.value_format != encode::ValueFormat::kJson) return Status::OK();
  for (const auto& field : spec_.schema->fields()) {
    const auto known = record.schema->GetFieldByName(field->name());
    if (known == nullptr || !arrow::is_floating(known->type()->id()) ||
        !arrow::is_floating(field->type()->id()) || known->type()->Equals(*field->type())) {
      continue;
    }
    return DataError(
        "lmdb: a float column of a table in JSON keeps its type, since its digits are those of "
        "that "
        "type; give --cast " +
        field->name() + ":" + known->type()->ToString() + ": table=" + spec_.name +
        " column=" + field->name() + " type=" + known->type()->ToString() +
        " rows=" + field->type()->ToString());
  }
  return Status::OK();
}

Status LmdbSession::CheckSchema(const TableRecord& record) {
  ARROW_RETURN_NOT_OK(CheckFloats(record));
  auto comparison = CompareSchemas(*record.schema, *spec_.schema, record.key.columns);
  ARROW_RETURN_NOT_OK(
      WithContext(CheckComparison(comparison, spec_.on_schema_change, spec_.name), "lmdb"));
  evolution_ = std::move(comparison.possible);
  evolved_schema_ = evolution_.empty() ? record.schema : comparison.evolved;
  return Status::OK();
}

Result<Recovered> LmdbSession::Settle() {
  ARROW_RETURN_NOT_OK(CheckReady());
  ARROW_ASSIGN_OR_RAISE(auto txn, environment_->BeginRead());
  ARROW_ASSIGN_OR_RAISE(auto catalog, Catalog::Open(txn, false));
  Recovered recovered;
  if (one_off()) {
    ARROW_ASSIGN_OR_RAISE(const auto table, catalog.ReadTable(spec_.name));
    ARROW_ASSIGN_OR_RAISE(const auto load, catalog.ReadLoad(spec_.name, load_.nonce));
    if (load.has_value()) {
      recovered.finding = RecoverFinding::kNotCommitted;
    } else if (table.has_value() && table->last_load == load_.nonce) {
      recovered.finding = RecoverFinding::kCommitted;
      committed_ = true;
    } else {
      recovered.finding = RecoverFinding::kFenced;
      recovered.fenced_by = "another process, which took this load for dead";
    }
    return recovered;
  }
  ARROW_ASSIGN_OR_RAISE(recovered.checkpoint, catalog.ReadCheckpoint(spec_.name, spec_.pipeline));
  if (!recovered.checkpoint.has_value()) {
    return PermanentError(
        "lmdb: the pipeline's checkpoint is gone; another load has replaced or dropped the table: "
        "table=" +
        spec_.name + " pipeline=" + spec_.pipeline);
  }
  const auto& now = *recovered.checkpoint;
  recovered.slot = now.slot;
  if (now.owner != fence_->owner) {
    if (now.epoch < fence_->epoch) {
      return PermanentError(
          "lmdb: the environment went back to a state before this session's take-over; start "
          "again: table=" +
          spec_.name + " pipeline=" + spec_.pipeline);
    }
    recovered.finding = RecoverFinding::kFenced;
    recovered.fenced_by = now.store_handle;
    return recovered;
  }
  recovered.finding = now.sequence > fence_->sequence   ? RecoverFinding::kCommitted
                      : now.sequence < fence_->sequence ? RecoverFinding::kWentBack
                                                        : RecoverFinding::kNotCommitted;
  fence_ = now;
  return recovered;
}

}  // namespace ampload::lmdb
