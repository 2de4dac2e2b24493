#include "loaders/lmdb/session.h"

#include <algorithm>
#include <utility>

#include "ampload/fault_point.h"
#include "ampload/log.h"
#include "base/random.h"
#include "loader/fence.h"
#include "loaders/lmdb/open_loads.h"

namespace ampload::lmdb {
namespace {

constexpr int64_t kPage = 4096;

}  // namespace

LmdbSession::LmdbSession(LMDBConfig config, TableSpec spec)
    : config_(std::move(config)), spec_(std::move(spec)) {}

LmdbSession::~LmdbSession() {
  if (!load_recorded_) return;
  const Status status = UndoOpenLoad(*environment_, spec_.name, load_, /*close=*/true);
  if (!status.ok()) {
    LogWarning("lmdb", "what this load wrote early stays until the next load of the table: " +
                           MessageOf(status));
  }
}

const BatchEncoder* LmdbSession::encoder(int /*table*/) { return encoder_.get(); }

Status LmdbSession::CheckReady() const {
  if (!recovered_)
    return ConfigurationError("lmdb: call Recover(kTakeOver) first: table=" + spec_.name);
  return Status::OK();
}

Status LmdbSession::WriteWhenClear(int64_t bytes, bool take_over, std::string* cleaned_up,
                                   const std::function<Status(Transaction&)>& body) {
  const Asking asking{spec_.name, spec_.pipeline, load_.nonce, replaces()};
  for (;;) {
    const std::string nonce = base::RandomNonce();
    ARROW_ASSIGN_OR_RAISE(const auto adoption_lock, LoadLock::Take(environment_->path(), nonce));
    std::optional<OpenLoad> obstacle;
    ARROW_RETURN_NOT_OK(environment_->Write(bytes, [&](Transaction& txn) -> Status {
      if (recovered_) {  // a session that was taken over touches nothing, not even the dead's
        ARROW_ASSIGN_OR_RAISE(auto catalog, Catalog::Open(txn, true));
        ARROW_RETURN_NOT_OK(CheckFence(catalog));
        ARROW_RETURN_NOT_OK(RefuseBesideAStream(catalog));
      }
      ARROW_ASSIGN_OR_RAISE(obstacle, AdoptObstacle(txn, asking, take_over, nonce));
      return obstacle.has_value() ? Status::OK() : body(txn);
    }));
    if (!obstacle.has_value()) return Status::OK();
    ARROW_RETURN_NOT_OK(UndoOpenLoad(*environment_, spec_.name, *obstacle, /*close=*/true));
    if (cleaned_up != nullptr) {
      *cleaned_up += (cleaned_up->empty() ? "" : "; ") +
                     ("an unfinished load was taken back: " + obstacle->Holder());
    }
  }
}

Status LmdbSession::CheckFence(Catalog& catalog) {
  refusal_.reset();
  if (load_recorded_ && AMPLOAD_SAFEGUARD("fence")) {
    ARROW_ASSIGN_OR_RAISE(const auto mine, catalog.ReadLoad(spec_.name, load_.nonce));
    if (!mine.has_value()) {
      refusal_ = Fenced{"another process, which took over this load"};
      return ConflictError("lmdb: another process took over this load; stop: table=" + spec_.name,
                           "FENCED");
    }
  }
  if (one_off()) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(const auto now, catalog.ReadCheckpoint(spec_.name, spec_.pipeline));
  return ampload::CheckFence("lmdb", "the environment", *fence_, now, ": table=" + spec_.name,
                             &refusal_);
}

Status LmdbSession::Stage(StagedBatch batch, const CallContext& context) {
  ARROW_RETURN_NOT_OK(CheckReady());
  ARROW_RETURN_NOT_OK(context.Check());
  if (committed_) {
    return ConfigurationError("lmdb: a one-off load has one commit; open another session: table=" +
                              spec_.name);
  }
  if (by_key() && spec_.streaming && batch_.has_value() && *batch_ != batch.id.value()) {
    return ConfigurationError(
        "lmdb: an upsert or merge stream commits one batch at a time; commit the one before "
        "first: table=" +
        spec_.name + " pipeline=" + spec_.pipeline);
  }
  if (batch.encoded == nullptr) {
    ARROW_ASSIGN_OR_RAISE(batch.encoded, encoder_->Encode(batch));
  }
  const std::shared_ptr<EncodedPairs> pairs(static_cast<EncodedPairs*>(batch.encoded.release()));
  if (pairs->columns != encoder_->columns()) {
    return ConfigurationError(
        "lmdb: a batch was encoded before the columns changed; encode it again: table=" +
        spec_.name);
  }
  batch_ = pairs->batch_id;
  int64_t first = 0;
  do {
    const int64_t end = std::min(pairs->rows(), first + RowsAtOnce(*pairs));
    staging_.Add({pairs, first, end});
    first = end;
    if (StepIsFull()) ARROW_RETURN_NOT_OK(FlushStep());
  } while (first < pairs->rows());
  return Status::OK();
}

int64_t LmdbSession::MemoryLimit() const {
  constexpr int64_t kSmallest = 8 << 20;
  return spec_.staging_bytes > 0 ? spec_.staging_bytes
                                 : std::max(4 * config_.step_bytes, kSmallest);
}

// Of a batch, as many rows as a step has room for beyond what StepIsFull allows: each copies what
// stands there, is put, and what it replaces is noted.
int64_t LmdbSession::RowsAtOnce(const EncodedPairs& pairs) const {
  const int64_t row_bytes = pairs.size_bytes() / std::max<int64_t>(pairs.rows(), 1);
  const int64_t cost = CopiedBytes() + 2 * row_bytes + (replaces() ? stored_row_bytes_ : 0);
  return std::max<int64_t>(MemoryLimit() / 8 / cost, 1);
}

// What a row between others copies: the page that it goes into, or its own pages.
int64_t LmdbSession::CopiedBytes() const { return std::max(kPage, stored_row_bytes_); }

// LMDB keeps each page that a transaction changes on the heap until it is committed. Rows above the
// table's last key fill new pages; a row between others copies the page that it goes into.
int64_t LmdbSession::MemoryOfStep() const {
  const int64_t rows = staging_.bytes();
  const int64_t new_pages = rows + rows / 8;
  const int64_t copied =
      staging_.AscendsAbove(top_key_) ? 0 : std::min(staging_.rows() * CopiedBytes(), leaf_bytes_);
  if (!replaces()) return rows + new_pages + copied;
  // What stood there goes into the undo log; order values are kept by key, in any order.
  const int64_t order = load_.order.empty() ? 0 : staging_.rows() * (kPage / 2);
  const int64_t notes = std::min(staging_.rows() * stored_row_bytes_, leaf_bytes_);
  return rows + new_pages + copied + order + notes + notes / 8;
}

bool LmdbSession::StepIsFull() const {
  // A step cannot be put upon rows that the commit will take back first.
  if (!undo_.empty()) return false;
  if (staging_.bytes() >= config_.step_bytes) return true;
  const int64_t limit = MemoryLimit();
  return MemoryOfStep() >= limit - limit / 8;  // room for RowsAtOnce
}

Status LmdbSession::MeasureTable(Transaction& txn, MDB_dbi dbi) {
  ARROW_ASSIGN_OR_RAISE(const auto stat, txn.Stat(dbi));
  leaf_bytes_ = static_cast<int64_t>((stat.ms_leaf_pages + stat.ms_overflow_pages) * stat.ms_psize);
  stored_row_bytes_ = leaf_bytes_ / std::max<int64_t>(static_cast<int64_t>(stat.ms_entries), 1);
  ARROW_ASSIGN_OR_RAISE(top_key_, txn.LastKey(dbi));
  return Status::OK();
}

// The id under which a step's rows are noted, where they are not each batch's own. It has the
// pipeline's slot, so that no stream beside it takes it for a batch of its own.
std::optional<int64_t> LmdbSession::NoteAs() const {
  if (spec_.streaming) return std::nullopt;
  if (one_off()) return 0;  // it has the table for itself
  const auto tick = static_cast<int64_t>(std::stoull(load_.nonce.substr(0, 12), nullptr, 16) >> 1);
  return tick << BatchId::kSlotBits | fence_->slot;
}

Status LmdbSession::CheckRoom() const {
  const int64_t notes = replaces() ? staging_.bytes() : 0;
  return environment_->CheckRoom(staging_.bytes() + staging_.bytes() / 4 + notes);
}

Status LmdbSession::FlushStep() {
  ARROW_RETURN_NOT_OK(CheckRoom());
  AMPLOAD_FAULT_POINT("lmdb.step.begin");
  OpenLoad load;
  ARROW_RETURN_NOT_OK(
      WriteWhenClear(staging_.bytes(), false, nullptr, [&](Transaction& txn) -> Status {
        load = load_;
        ARROW_RETURN_NOT_OK(PutStep(txn, &load));
        AMPLOAD_FAULT_POINT("lmdb.step.before_commit");
        return Status::OK();
      }));
  AMPLOAD_FAULT_POINT("lmdb.step.after_commit");
  load_ = std::move(load);
  load_recorded_ = AMPLOAD_SAFEGUARD("open_load_record");
  if (!replacing_ && !table_.has_value()) table_ = next_table_;
  early_rows_ += staging_.rows();
  staging_.Clear();
  return Status::OK();
}

PutPlan LmdbSession::PlanFor(MDB_dbi table) const {
  PutPlan plan;
  plan.table = table;
  if (spec_.mode == LoadMode::kUpsert) plan.rule = PutRule::kReplace;
  if (spec_.mode == LoadMode::kMerge) plan.rule = PutRule::kMerge;
  plan.on_duplicate = spec_.on_duplicate;
  plan.format = format_;
  plan.columns = next_table_.schema.get();
  return plan;
}

Status LmdbSession::PutStep(Transaction& txn, OpenLoad* load) {
  ARROW_ASSIGN_OR_RAISE(auto catalog, Catalog::Open(txn, true));
  ARROW_RETURN_NOT_OK(RefreshTable(catalog));
  const bool first = !load->has_early_rows;
  load->has_early_rows = true;
  ARROW_ASSIGN_OR_RAISE(const auto dbi,
                        txn.OpenDatabase(replacing_ ? load->hidden : spec_.name, true));
  ARROW_ASSIGN_OR_RAISE(auto undo, UndoLog::Open(txn, next_table_.uuid, true));
  PutPlan plan = PlanFor(*dbi);
  plan.note_as = NoteAs();
  if (!load->order.empty()) {
    ARROW_ASSIGN_OR_RAISE(plan.order, txn.OpenDatabase(load->order, true));
    plan.note_order = true;
  }
  if (replacing_) {
    // The hidden table goes as a whole; only a stream may want single batches back later.
    plan.undo = spec_.streaming ? &undo : nullptr;
  } else {
    if (!table_.has_value()) {
      load->created_table = true;
      ARROW_RETURN_NOT_OK(catalog.WriteTable(spec_.name, next_table_));
    }
    if (first) {
      ARROW_ASSIGN_OR_RAISE(load->above, txn.LastKey(*dbi));
    }
    plan.undo = &undo;
    if (one_off()) {
      plan.not_above = load->above;
      plan.all_above = !load->above.has_value();
    }
  }
  ARROW_RETURN_NOT_OK(staging_.PutAll(txn, plan, *encoder_, spec_.name));
  ARROW_RETURN_NOT_OK(undo.Flush());
  ARROW_RETURN_NOT_OK(MeasureTable(txn, *dbi));
  const auto remember = [&](int64_t batch) {
    if (load->batches.empty() || load->batches.back() != batch) load->batches.push_back(batch);
  };
  for (const auto& part : staging_.parts()) {
    remember(plan.note_as.value_or(part.pairs->batch_id));
  }
  return AMPLOAD_SAFEGUARD("open_load_record") ? catalog.WriteLoad(spec_.name, *load)
                                               : Status::OK();
}

Status LmdbSession::Undo(const BatchIdSet& batches, const CallContext& context) {
  ARROW_RETURN_NOT_OK(CheckReady());
  ARROW_RETURN_NOT_OK(context.Check());
  if (!spec_.streaming) {
    return ConfigurationError("lmdb: only a stream's batches can be undone: table=" + spec_.name);
  }
  if (staging_.rows() > 0 || early_rows_ > 0) {
    return ConfigurationError("lmdb: undo comes before any stage of the same commit: table=" +
                              spec_.name);
  }
  undo_.insert(batches.begin(), batches.end());
  return Status::OK();
}

void LmdbSession::ForgetEarlyRows() {
  load_.has_early_rows = false;
  load_.created_table = false;
  load_.above.reset();
  load_.batches.clear();
}

Status LmdbSession::Abort(const CallContext& /*context*/) {
  ARROW_RETURN_NOT_OK(CheckReady());
  staging_.Clear();
  undo_.clear();
  early_rows_ = 0;
  batch_.reset();
  if (load_.has_early_rows) {
    ARROW_RETURN_NOT_OK(UndoOpenLoad(*environment_, spec_.name, load_, /*close=*/!one_off()));
    load_recorded_ = load_recorded_ && one_off();
    ForgetEarlyRows();
  }
  if (!one_off()) return ForgetEvolution();
  // The load's own first step may have made the table; it is gone with it.
  ARROW_ASSIGN_OR_RAISE(auto txn, environment_->BeginRead());
  ARROW_ASSIGN_OR_RAISE(auto catalog, Catalog::Open(txn, false));
  ARROW_ASSIGN_OR_RAISE(const auto now, catalog.ReadTable(spec_.name));
  if (!now.has_value()) ForgetTable();
  return ForgetEvolution();
}

}  // namespace ampload::lmdb
