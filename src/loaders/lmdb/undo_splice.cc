// Takes batches back where newer ones, which stay, may have touched the same keys.
#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "encode/row_overlay.h"
#include "loaders/lmdb/undo_log.h"

namespace ampload::lmdb {

// Keys that an undone batch and a newer kept one touched are contested: their whole history from
// the oldest undone batch on is worked out in memory. All others are put back newest first.
class UndoSplice {
 public:
  UndoSplice(UndoLog& log, const BatchIdSet& batches, MDB_dbi table, const stream::Reapply& reapply)
      : log_(log), txn_(*log.txn_), batches_(batches), table_(table), reapply_(reapply) {}

  Status Run() {
    ARROW_RETURN_NOT_OK(FindContested());
    ARROW_RETURN_NOT_OK(CollectHistories());
    for (auto& [key, contested] : contested_)
      ARROW_RETURN_NOT_OK(TakeBackContested(key, contested));
    for (const auto& [chunk, patches] : patches_) ARROW_RETURN_NOT_OK(Rewrite(chunk, patches));
    return RevertTheOthers();
  }

 private:
  struct Place {
    std::string chunk;  // its key in the log
    size_t index = 0;   // of the record
  };
  struct Contested {
    stream::KeyHistory history;
    std::vector<Place> places;  // of its records, one each
  };
  struct Patch {
    size_t index;
    const stream::RowImage* previous;  // what the record is to say
  };
  using Visit = std::function<Status(std::string_view chunk_key, BatchId batch,
                                     const std::vector<UndoNote>& notes)>;

  // Each chunk from the oldest undone batch on, oldest first. Views end with the next write.
  Status ForEachChunk(const Visit& visit) {
    ARROW_ASSIGN_OR_RAISE(auto cursor, Cursor::Open(txn_, *log_.dbi_));
    std::string first = log_.BatchPrefix(batches_.begin()->value());
    MDB_val key = ToVal(first);
    MDB_val value;
    for (auto op = MDB_SET_RANGE;; op = MDB_NEXT) {
      ARROW_ASSIGN_OR_RAISE(const bool found, cursor.Move(&key, &value, op));
      if (!found || !ToView(key).starts_with(log_.prefix_)) return Status::OK();
      const BatchId batch(
          static_cast<int64_t>(GetNumber(ToView(key).substr(log_.prefix_.size(), 8))));
      ARROW_ASSIGN_OR_RAISE(const auto notes, ParseChunk(ToView(value)));
      ARROW_RETURN_NOT_OK(visit(ToView(key), batch, notes));
    }
  }

  Status FindContested() {
    std::unordered_set<std::string_view> undone;  // views: nothing is written meanwhile
    return ForEachChunk([&](std::string_view, BatchId batch, const std::vector<UndoNote>& notes) {
      const bool goes = batches_.contains(batch);
      for (const auto& note : notes) {
        if (goes) {
          undone.insert(note.key);
        } else if (undone.contains(note.key)) {
          contested_.try_emplace(std::string(note.key));
        }
      }
      return Status::OK();
    });
  }

  Status CollectHistories() {
    if (contested_.empty()) return Status::OK();
    std::string name;
    return ForEachChunk(
        [&](std::string_view chunk, BatchId batch, const std::vector<UndoNote>& notes) {
          for (size_t i = 0; i < notes.size(); ++i) {
            name.assign(notes[i].key);
            const auto found = contested_.find(name);
            if (found == contested_.end()) continue;
            stream::RowImage previous;
            if (notes[i].previous.has_value()) previous.emplace(*notes[i].previous);
            found->second.history.records.push_back(
                {batch, notes[i].kind, std::move(previous), std::string(notes[i].change)});
            found->second.places.push_back({std::string(chunk), i});
          }
          return Status::OK();
        });
  }

  Status TakeBackContested(const std::string& key, Contested& contested) {
    auto& history = contested.history;
    auto& places = contested.places;
    ARROW_ASSIGN_OR_RAISE(const auto now, txn_.Get(table_, key));
    if (now.has_value()) history.current.emplace(*now);
    size_t record = 0;
    std::erase_if(places,
                  [&](const Place&) { return batches_.contains(history.records[record++].batch); });
    ARROW_RETURN_NOT_OK(stream::TakeBack(batches_, reapply_, history));
    for (size_t i = 0; i < places.size(); ++i) {
      patches_[places[i].chunk].push_back({places[i].index, &history.records[i].previous});
    }
    const auto& row = history.current;
    if (row.has_value() == now.has_value() && (!row.has_value() || *row == *now)) {
      return Status::OK();
    }
    return row.has_value() ? txn_.Put(table_, key, *row) : txn_.Delete(table_, key);
  }

  Status Rewrite(const std::string& chunk, const std::vector<Patch>& patches) {
    ARROW_ASSIGN_OR_RAISE(const auto bytes, txn_.Get(*log_.dbi_, chunk));
    ARROW_ASSIGN_OR_RAISE(auto notes, ParseChunk(bytes.value_or("")));
    bool changed = false;
    for (const auto& patch : patches) {
      std::optional<std::string_view> previous;
      if (patch.previous->has_value()) previous = **patch.previous;
      changed = changed || notes[patch.index].previous != previous;
      notes[patch.index].previous = previous;
    }
    if (!changed) return Status::OK();
    std::string rewritten;
    for (const auto& note : notes) ARROW_RETURN_NOT_OK(AppendNote(note, rewritten));
    return txn_.Put(*log_.dbi_, chunk, rewritten);
  }

  Status RevertTheOthers() {
    for (auto batch = batches_.rbegin(); batch != batches_.rend(); ++batch) {
      ARROW_RETURN_NOT_OK(log_.RevertWanted(batch->value(), table_, INT64_MAX,
                                            [&](std::string_view key) {
                                              return !contested_.contains(std::string(key));
                                            })
                              .status());
    }
    return Status::OK();
  }

  UndoLog& log_;
  Transaction& txn_;
  const BatchIdSet& batches_;
  MDB_dbi table_;
  const stream::Reapply& reapply_;
  std::unordered_map<std::string, Contested> contested_;
  std::map<std::string, std::vector<Patch>> patches_;  // by chunk
};

Status UndoLog::RevertBatches(const BatchIdSet& batches, MDB_dbi table,
                              encode::ValueFormat format) {
  const stream::Reapply overlay = [format](const stream::RowImage& base,
                                           const std::string& change) -> Result<std::string> {
    if (!base.has_value()) return change;
    auto row = encode::OverlayRow(format, *base, change);
    return row.ok() ? row : Result<std::string>(WithContext(row.status(), "lmdb: undo"));
  };
  return RevertBatches(batches, table, overlay);
}

Status UndoLog::RevertBatches(const BatchIdSet& batches, MDB_dbi table,
                              const stream::Reapply& reapply) {
  ARROW_RETURN_NOT_OK(Flush());
  if (!dbi_.has_value() || batches.empty()) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(const auto noted, CountChunks());
  const bool newer_ones_stay =
      std::any_of(noted.upper_bound(batches.begin()->value()), noted.end(),
                  [&](const auto& one) { return !batches.contains(BatchId(one.first)); });
  if (newer_ones_stay) return UndoSplice(*this, batches, table, reapply).Run();
  for (auto batch = batches.rbegin(); batch != batches.rend(); ++batch) {
    ARROW_RETURN_NOT_OK(Revert(batch->value(), table, INT64_MAX).status());
  }
  return Status::OK();
}

}  // namespace ampload::lmdb
