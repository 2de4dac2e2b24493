#include "loaders/lmdb/staging.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace ampload::lmdb {
namespace {

// One row of the step. `prefix` is the key's first 8 bytes, big-endian, so that most comparisons
// touch no key.
struct Row {
  uint64_t prefix;
  uint32_t batch;
  uint32_t row;
};

uint64_t PrefixOf(std::string_view key) {
  unsigned char bytes[8] = {};
  std::memcpy(bytes, key.data(), std::min<size_t>(key.size(), 8));
  uint64_t prefix = 0;
  for (const unsigned char byte : bytes) prefix = prefix << 8 | byte;
  return prefix;
}

// True where the batches, one after the other, already ascend.
bool Ascends(const std::vector<std::unique_ptr<EncodedPairs>>& batches) {
  std::string_view last;
  bool first = true;
  for (const auto& pairs : batches) {
    if (pairs->rows() == 0) continue;
    if (!pairs->keys->ascending) return false;
    if (!first && !(last < pairs->keys->key(0))) return false;
    last = pairs->keys->key(pairs->rows() - 1);
    first = false;
  }
  return true;
}

std::vector<Row> SortedRows(const std::vector<std::unique_ptr<EncodedPairs>>& batches,
                            int64_t count) {
  std::vector<Row> rows;
  rows.reserve(static_cast<size_t>(count));
  for (uint32_t b = 0; b < batches.size(); ++b) {
    for (int64_t r = 0; r < batches[b]->rows(); ++r) {
      rows.push_back({PrefixOf(batches[b]->keys->key(r)), b, static_cast<uint32_t>(r)});
    }
  }
  const auto key = [&](const Row& row) { return batches[row.batch]->keys->key(row.row); };
  const auto order_of = [&](const Row& row) {
    const auto& order = batches[row.batch]->order;
    return order.has_value() ? order->at(row.row) : std::string_view();
  };
  std::sort(rows.begin(), rows.end(), [&](const Row& a, const Row& b) {
    if (a.prefix != b.prefix) return a.prefix < b.prefix;
    if (const int order = key(a).compare(key(b)); order != 0) return order < 0;
    if (const int order = order_of(a).compare(order_of(b)); order != 0) return order < 0;
    return a.batch != b.batch ? a.batch < b.batch : a.row < b.row;  // equal keys by arrival
  });
  return rows;
}

}  // namespace

void Staging::Add(std::unique_ptr<EncodedPairs> pairs) {
  rows_ += pairs->rows();
  bytes_ += pairs->size_bytes();
  batches_.push_back(std::move(pairs));
}

bool Staging::AscendsAbove(const std::optional<std::string>& key) const {
  const auto filled = std::find_if(batches_.begin(), batches_.end(),
                                   [](const auto& pairs) { return pairs->rows() > 0; });
  if (filled == batches_.end() || !(*filled)->keys.has_value()) return true;
  return (!key.has_value() || (*filled)->keys->key(0) > *key) && Ascends(batches_);
}

void Staging::Clear() {
  batches_.clear();
  rows_ = 0;
  bytes_ = 0;
}

Status Staging::PutAll(Transaction& txn, const PutPlan& plan, const RowEncoder& encoder,
                       const std::string& table_name) const {
  if (rows_ == 0) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(auto putter, RowPutter::Open(txn, plan, encoder, table_name));
  const bool numbered = !batches_.front()->keys.has_value();
  if (!numbered && !Ascends(batches_)) return PutSorted(putter, plan, encoder, table_name);
  uint64_t next_number = 0;
  if (numbered && putter.last_key().has_value()) {
    ARROW_ASSIGN_OR_RAISE(next_number, RowNumberOf(*putter.last_key()));
    ++next_number;
  }
  for (const auto& pairs : batches_) {
    for (int64_t i = 0; i < pairs->rows(); ++i) {
      const StagedRow row{pairs.get(), i};
      if (numbered) {
        ARROW_RETURN_NOT_OK(putter.Add(row, RowNumberKey(next_number++)));
      } else {
        ARROW_RETURN_NOT_OK(plan.rule == PutRule::kAdd
                                ? putter.Add(row, pairs->keys->key(i))
                                : putter.Fold({&row, 1}, pairs->keys->key(i)));
      }
    }
  }
  return Status::OK();
}

Status Staging::PutSorted(RowPutter& putter, const PutPlan& plan, const RowEncoder& encoder,
                          const std::string& table_name) const {
  const auto rows = SortedRows(batches_, rows_);
  const auto key = [&](const Row& row) { return batches_[row.batch]->keys->key(row.row); };
  std::vector<StagedRow> group;  // rows of one key
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto& row = rows[i];
    group.push_back({batches_[row.batch].get(), row.row});
    if (i + 1 < rows.size() && rows[i + 1].prefix == row.prefix && key(rows[i + 1]) == key(row)) {
      continue;
    }
    if (plan.rule != PutRule::kAdd) {
      ARROW_RETURN_NOT_OK(putter.Fold(group, key(row)));
    } else if (group.size() > 1 && plan.on_duplicate == DuplicatePolicy::kFail) {
      const auto place = [](const StagedRow& at) {
        return std::to_string(at.pairs->first_row + at.row);
      };
      return DataError(
          "lmdb: two rows of this load have the same key; choose key columns that tell rows apart, "
          "or load with --on-duplicate replace: table=" +
          table_name + " " + encoder.DescribeKey(key(row)) + " rows=" + place(group[0]) + "," +
          place(group[1]));
    } else {
      ARROW_RETURN_NOT_OK(putter.Add(group.back(), key(row)));  // the last to arrive
    }
    group.clear();
  }
  return Status::OK();
}

}  // namespace ampload::lmdb
