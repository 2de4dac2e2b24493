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
  uint32_t part;
  uint32_t row;  // of the part's batch
};

uint64_t PrefixOf(std::string_view key) {
  unsigned char bytes[8] = {};
  std::memcpy(bytes, key.data(), std::min<size_t>(key.size(), 8));
  uint64_t prefix = 0;
  for (const unsigned char byte : bytes) prefix = prefix << 8 | byte;
  return prefix;
}

// True where the parts, one after the other, already ascend.
bool Ascends(const std::vector<StagedPart>& parts) {
  std::string_view last;
  bool first = true;
  for (const auto& part : parts) {
    if (part.rows() == 0) continue;
    const auto& keys = *part.pairs->keys;
    if (!keys.ascending) return false;
    if (!first && !(last < keys.key(part.first))) return false;
    last = keys.key(part.end - 1);
    first = false;
  }
  return true;
}

std::vector<Row> SortedRows(const std::vector<StagedPart>& parts, int64_t count) {
  std::vector<Row> rows;
  rows.reserve(static_cast<size_t>(count));
  for (uint32_t p = 0; p < parts.size(); ++p) {
    for (int64_t r = parts[p].first; r < parts[p].end; ++r) {
      rows.push_back({PrefixOf(parts[p].pairs->keys->key(r)), p, static_cast<uint32_t>(r)});
    }
  }
  const auto key = [&](const Row& row) { return parts[row.part].pairs->keys->key(row.row); };
  const auto order_of = [&](const Row& row) {
    const auto& order = parts[row.part].pairs->order;
    return order.has_value() ? order->at(row.row) : std::string_view();
  };
  std::sort(rows.begin(), rows.end(), [&](const Row& a, const Row& b) {
    if (a.prefix != b.prefix) return a.prefix < b.prefix;
    if (const int order = key(a).compare(key(b)); order != 0) return order < 0;
    if (const int order = order_of(a).compare(order_of(b)); order != 0) return order < 0;
    return a.part != b.part ? a.part < b.part : a.row < b.row;  // equal keys by arrival
  });
  return rows;
}

}  // namespace

void Staging::Add(StagedPart part) {
  rows_ += part.rows();
  bytes_ += part.bytes();
  parts_.push_back(std::move(part));
}

bool Staging::AscendsAbove(const std::optional<std::string>& key) const {
  const auto filled = std::find_if(parts_.begin(), parts_.end(),
                                   [](const StagedPart& part) { return part.rows() > 0; });
  if (filled == parts_.end() || !filled->pairs->keys.has_value()) return true;
  return (!key.has_value() || filled->pairs->keys->key(filled->first) > *key) && Ascends(parts_);
}

void Staging::Clear() {
  parts_.clear();
  rows_ = 0;
  bytes_ = 0;
}

Status Staging::PutAll(Transaction& txn, const PutPlan& plan, const RowEncoder& encoder,
                       const std::string& table_name) const {
  if (rows_ == 0) return Status::OK();
  ARROW_ASSIGN_OR_RAISE(auto putter, RowPutter::Open(txn, plan, encoder, table_name));
  const bool numbered = !parts_.front().pairs->keys.has_value();
  if (!numbered && !Ascends(parts_)) return PutSorted(putter, plan, encoder, table_name);
  uint64_t next_number = 0;
  if (numbered && putter.last_key().has_value()) {
    ARROW_ASSIGN_OR_RAISE(next_number, RowNumberOf(*putter.last_key()));
    ++next_number;
  }
  for (const auto& [pairs, first, end] : parts_) {
    for (int64_t i = first; i < end; ++i) {
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
  const auto rows = SortedRows(parts_, rows_);
  const auto key = [&](const Row& row) { return parts_[row.part].pairs->keys->key(row.row); };
  std::vector<StagedRow> group;  // rows of one key
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto& row = rows[i];
    group.push_back({parts_[row.part].pairs.get(), row.row});
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
