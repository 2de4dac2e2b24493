// A world of random batches over a few keys, and a brute-force oracle for it: rows are what comes
// out when the writes of all kept batches are done again from the start, final ones included.
//
// A row's image has one character a column, '.' where the row lacks the column; a change names the
// columns that it sets in the same way.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "stream/undo_records.h"

namespace ampload::stream {

inline std::string Overlaid(const RowImage& base, const std::string& change) {
  std::string row = base.value_or(std::string(change.size(), '.'));
  for (size_t i = 0; i < change.size(); ++i) {
    if (change[i] != '.') row[i] = change[i];
  }
  return row;
}

struct Write {
  int key = 0;
  WriteKind kind = WriteKind::kReplaced;
  std::string columns;
};

struct ModelBatch {
  BatchId id;
  std::vector<Write> writes;
  std::map<int, int64_t> ends;  // by network: the last block
};

inline constexpr int kKeys = 5;

class UndoModel {
 public:
  explicit UndoModel(uint64_t seed) : random_(seed) {}

  int Random(int below) { return std::uniform_int_distribution<int>(0, below - 1)(random_); }
  bool Chance(int percent) { return Random(100) < percent; }

  // Blocks on one or both of two networks, of which one may run far ahead.
  ModelBatch MakeBatch() {
    ModelBatch batch;
    batch.id = BatchId(++last_id_ << BatchId::kSlotBits);
    const int which = Random(5);
    if (which != 0) batch.ends[0] = heights_[0] += 1 + Random(4);
    if (which == 0 || which == 4) batch.ends[1] = heights_[1] += 1 + Random(4);
    const int count = Random(6);
    for (int i = 0; i < count; ++i) batch.writes.push_back(MakeWrite());
    return batch;
  }

  void Commit(const ModelBatch& batch) { batches_.push_back(batch); }

  // A random set of batches that are not final, middle ones as often as the newest.
  BatchIdSet PickUndoable() {
    BatchIdSet picked;
    const int percent = 10 + Random(60);
    for (const auto& batch : batches_) {
      if (!IsFinal(batch) && Chance(percent)) picked.insert(batch.id);
    }
    return picked;
  }
  void Forget(const BatchIdSet& undone) {
    std::erase_if(batches_, [&](const ModelBatch& batch) { return undone.contains(batch.id); });
  }

  void SetRetention(int64_t blocks) { retention_ = blocks; }
  BatchIdSet FinalBatches() {
    for (const auto& batch : batches_) {
      bool all = true;
      for (const auto& [network, end] : batch.ends) {
        all = all && end <= heights_[static_cast<size_t>(network)] - retention_;
      }
      if (all) final_.insert(batch.id);
    }
    return final_;
  }
  BatchIdSet UndoableBatches() const {
    BatchIdSet ids;
    for (const auto& batch : batches_) {
      if (!IsFinal(batch)) ids.insert(batch.id);
    }
    return ids;
  }

  std::map<int, std::string> Rows() const {
    std::map<int, std::string> rows;
    for (const auto& batch : batches_) {
      for (const auto& write : batch.writes) {
        const auto row = rows.find(write.key);
        if (write.kind == WriteKind::kDeleted) {
          rows.erase(write.key);
        } else if (write.kind == WriteKind::kReplaced || row == rows.end()) {
          rows[write.key] = write.columns;
        } else {
          for (size_t i = 0; i < write.columns.size(); ++i) {
            if (write.columns[i] != '.') row->second[i] = write.columns[i];
          }
        }
      }
    }
    return rows;
  }

 private:
  Write MakeWrite() {
    Write write;
    write.key = Random(kKeys);
    const int kind = Random(10);
    write.kind = kind < 3   ? WriteKind::kReplaced
                 : kind < 8 ? WriteKind::kChanged
                            : WriteKind::kDeleted;
    if (write.kind == WriteKind::kDeleted) return write;
    for (int column = 0; column < 3; ++column) {
      const bool set = write.kind == WriteKind::kReplaced || Chance(40);
      write.columns.push_back(set ? static_cast<char>('a' + Random(26)) : '.');
    }
    return write;
  }
  bool IsFinal(const ModelBatch& batch) const { return final_.contains(batch.id); }

  std::mt19937_64 random_;
  int64_t last_id_ = 0;
  int64_t retention_ = 12;
  std::array<int64_t, 2> heights_ = {0, 0};
  std::vector<ModelBatch> batches_;  // kept ones
  BatchIdSet final_;
};

}  // namespace ampload::stream
