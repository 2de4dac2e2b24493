#include "conformance/kit/driver.h"

#include <arrow/builder.h>

#include <charconv>
#include <set>

#include "base/clock.h"

namespace ampload::conformance {
namespace {

Result<size_t> DoneOf(const Recovered& recovered) {
  if (!recovered.checkpoint.has_value()) return size_t{0};
  const std::string& text = recovered.checkpoint->source_position;
  size_t done = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), done);
  if (parsed.ec != std::errc() || parsed.ptr != text.data() + text.size()) {
    return PermanentError("the checkpoint has another source_position than was committed: " + text);
  }
  return done;
}

Result<std::shared_ptr<arrow::RecordBatch>> WithBatchId(const arrow::RecordBatch& rows,
                                                        BatchId id) {
  arrow::Int64Builder ids;
  for (int64_t i = 0; i < rows.num_rows(); ++i) ARROW_RETURN_NOT_OK(ids.Append(id.value()));
  ARROW_ASSIGN_OR_RAISE(const auto column, ids.Finish());
  return rows.AddColumn(rows.num_columns(), arrow::field(kBatchIdColumn, arrow::int64()), column);
}

std::shared_ptr<arrow::Schema> StagedSchema(const Script& script, size_t index) {
  const auto schema = script.SchemaAt(index);
  if (!script.streaming) return schema;
  return schema->AddField(schema->num_fields(), arrow::field(kBatchIdColumn, arrow::int64()))
      .ValueOrDie();
}

class Player {
 public:
  Player(const Script& script, Loader& loader, const DriverOptions& options)
      : script_(script), loader_(loader), options_(options) {}

  Status Open(size_t done) {
    spec_ = SpecOf(script_, loader_.traits(), options_, done);
    committed_schema_ = spec_.schema;
    ARROW_ASSIGN_OR_RAISE(session_, loader_.OpenSession({&spec_, 1}));
    return Status::OK();
  }

  Result<size_t> TakeOver() {
    ARROW_ASSIGN_OR_RAISE(const auto recovered,
                          session_->Recover(RecoverMode::kTakeOver, CallContext{}));
    if (recovered.checkpoint.has_value()) checkpoint_ = *recovered.checkpoint;
    checkpoint_.slot = recovered.slot;
    return DoneOf(recovered);
  }

  Result<DriverEnd> Play(size_t done) {
    for (size_t i = done; i < script_.commits.size() && i < options_.stop_after; ++i) {
      ARROW_ASSIGN_OR_RAISE(const bool fenced, CommitOne(i));
      if (fenced) return DriverEnd::kFenced;
      if (options_.on_committed) options_.on_committed(i + 1);
    }
    return DriverEnd::kDone;
  }

 private:
  Status EvolveTo(size_t index) {
    const auto wanted = StagedSchema(script_, index);
    SchemaChange change;
    for (const auto& field : wanted->fields()) {
      const auto known = spec_.schema->GetFieldByName(field->name());
      if (known == nullptr) change.added.push_back(field);
      if (known != nullptr && !known->type()->Equals(*field->type())) {
        change.widened.push_back(field);
      }
    }
    if (change.added.empty() && change.widened.empty()) return Status::OK();
    spec_.schema = wanted;
    return session_->Evolve(change, CallContext{});
  }

  // True: fenced.
  Result<bool> CommitOne(size_t index) {
    // Once more where nothing took effect; a store that never answers is no store.
    for (int attempt = 0; attempt < 5; ++attempt) {
      ARROW_RETURN_NOT_OK(EvolveTo(index));
      auto staged = StageAll(index);
      ARROW_RETURN_NOT_OK(staged.status());
      if (options_.before_commit) ARROW_RETURN_NOT_OK(options_.before_commit(index));
      ARROW_ASSIGN_OR_RAISE(const CommitOutcome outcome, session_->Commit(*staged, CallContext{}));
      if (std::holds_alternative<Committed>(outcome)) {
        TookEffect(*std::move(staged));
        return false;
      }
      if (std::holds_alternative<Fenced>(outcome)) return true;
      if (std::holds_alternative<Conflict>(outcome)) {
        spec_.schema = committed_schema_;
        continue;
      }
      ARROW_ASSIGN_OR_RAISE(const auto settled,
                            session_->Recover(RecoverMode::kSettle, CallContext{}));
      if (settled.finding == RecoverFinding::kFenced) return true;
      if (settled.finding == RecoverFinding::kCommitted) {
        TookEffect(*std::move(staged));
        return false;
      }
      ARROW_RETURN_NOT_OK(session_->Abort(CallContext{}));
      spec_.schema = committed_schema_;
    }
    return PermanentError("five commits in a row did not take effect");
  }

  void TookEffect(Checkpoint checkpoint) {
    checkpoint_ = std::move(checkpoint);
    committed_schema_ = spec_.schema;
  }

  // Marks what the reorgs take back, stages the batches; the checkpoint that goes with them.
  Result<Checkpoint> StageAll(size_t index) {
    const auto& commit = script_.commits[index];
    Checkpoint next = checkpoint_;
    next.source_position = std::to_string(index + 1);
    std::vector<std::vector<BlockRange>> ladder;
    for (const auto& entry : next.ladder) ladder.push_back(entry.ranges);
    const auto undone = UndoneBy(commit.reorgs, ladder);
    BatchIdSet undo;
    for (size_t i = 0; i < undone.size(); ++i) {
      if (!undone[i]) continue;
      undo.insert(next.ladder[i].batch);
      next.rows_total -= next.ladder[i].rows;
    }
    std::erase_if(next.ladder,
                  [&](const LadderEntry& entry) { return undo.contains(entry.batch); });
    if (!undo.empty()) ARROW_RETURN_NOT_OK(session_->Undo(undo, CallContext{}));
    int64_t first_row = 0;
    for (const auto& batch : commit.batches) {
      ARROW_RETURN_NOT_OK(StageBatch(batch, &first_row, &next));
    }
    return next;
  }

  Status StageBatch(const ScriptBatch& batch, int64_t* first_row, Checkpoint* next) {
    StagedBatch staged;
    ARROW_ASSIGN_OR_RAISE(staged.batch, batch.rows->CombineChunksToBatch());
    if (!script_.one_off) {
      ARROW_ASSIGN_OR_RAISE(staged.id, NextBatchId(next->last_batch_id, base::NowMs(), next->slot));
      next->last_batch_id = staged.id;
    }
    if (script_.streaming) {
      ARROW_ASSIGN_OR_RAISE(staged.batch, WithBatchId(*staged.batch, staged.id));
      next->ladder.push_back({staged.id, batch.rows->num_rows(), batch.ranges});
    }
    const int op = staged.batch->schema()->GetFieldIndex(kOpColumn);
    if (script_.mode == LoadMode::kMerge && op >= 0) staged.op_column = op;
    staged.first_row = *first_row;
    *first_row += batch.rows->num_rows();
    next->rows_total += batch.rows->num_rows();
    // In parts, as an engine with little memory would.
    constexpr int64_t kPartRows = 250;
    const auto whole = staged.batch;
    for (int64_t row = 0; row == 0 || row < whole->num_rows(); row += kPartRows) {
      StagedBatch part;
      part.batch = whole->Slice(row, kPartRows);
      part.id = staged.id;
      part.op_column = staged.op_column;
      part.first_row = staged.first_row + row;
      part.final_of_batch = row + kPartRows >= whole->num_rows();
      if (const auto* encoder = session_->encoder(0); encoder != nullptr) {
        ARROW_ASSIGN_OR_RAISE(part.encoded, encoder->Encode(part));
      }
      ARROW_RETURN_NOT_OK(session_->Stage(std::move(part), CallContext{}));
    }
    return Status::OK();
  }

  const Script& script_;
  Loader& loader_;
  const DriverOptions& options_;
  TableSpec spec_;
  std::shared_ptr<arrow::Schema> committed_schema_;  // an abort goes back to it
  std::unique_ptr<WriteSession> session_;
  Checkpoint checkpoint_;
};

// How far the pipeline is, without taking its fence.
Result<size_t> DoneSoFar(const Script& script, Loader& loader, const DriverOptions& options) {
  if (script.one_off) return size_t{0};
  ARROW_ASSIGN_OR_RAISE(const auto checkpoints, loader.ReadCheckpoints(options.table));
  for (const auto& one : checkpoints) {
    if (one.pipeline != options.pipeline || one.sequence == 0) continue;
    Recovered recovered;
    recovered.checkpoint = one;
    return DoneOf(recovered);
  }
  return size_t{0};
}

}  // namespace

TableSpec SpecOf(const Script& script, const LoaderTraits& traits, const DriverOptions& options,
                 size_t done) {
  TableSpec spec;
  spec.name = options.table;
  // What the table has already.
  spec.schema = StagedSchema(script, done == 0 ? 0 : done - 1);
  spec.mode = script.mode;
  if (traits.supports_keys) spec.keys = script.keys;
  spec.on_schema_change = SchemaPolicy::kEvolve;
  spec.streaming = script.streaming;
  if (!script.one_off) spec.pipeline = options.pipeline;
  spec.add_pipeline = options.add_pipeline;
  return spec;
}

Result<DriverEnd> PlayScript(const Script& script, Loader& loader, const DriverOptions& options) {
  ARROW_ASSIGN_OR_RAISE(const size_t so_far, DoneSoFar(script, loader, options));
  Player player(script, loader, options);
  ARROW_RETURN_NOT_OK(player.Open(so_far));
  ARROW_ASSIGN_OR_RAISE(const size_t done, player.TakeOver());
  return player.Play(done);
}

Result<size_t> RecoverOnly(const Script& script, Loader& loader, const DriverOptions& options) {
  ARROW_ASSIGN_OR_RAISE(const size_t so_far, DoneSoFar(script, loader, options));
  Player player(script, loader, options);
  ARROW_RETURN_NOT_OK(player.Open(so_far));
  return player.TakeOver();
}

}  // namespace ampload::conformance
