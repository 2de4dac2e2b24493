#include "lake/partition_split.h"

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/compute/api_vector.h>
#include <arrow/datum.h>
#include <arrow/record_batch.h>
#include <arrow/util/checked_cast.h>

#include <algorithm>
#include <map>
#include <unordered_map>
#include <utility>

namespace ampload::lake {
namespace {

using arrow::internal::checked_cast;

// The rows' numbers of one column's texts.
struct TextColumn {
  std::vector<std::optional<std::string>> texts;  // distinct
  std::vector<int32_t> row_text;                  // of each row, an index into `texts`
};

Result<TextColumn> TextsOf(const std::shared_ptr<arrow::Array>& column, int index,
                           const PartitionText& text) {
  const auto options = arrow::compute::DictionaryEncodeOptions(
      arrow::compute::DictionaryEncodeOptions::ENCODE);  // a null has a number, too
  ARROW_ASSIGN_OR_RAISE(const auto encoded, arrow::compute::DictionaryEncode(column, options));
  const auto held = encoded.make_array();
  const auto& array = checked_cast<const arrow::DictionaryArray&>(*held);
  const auto& dictionary = *array.dictionary();
  const auto* numbers = checked_cast<const arrow::Int32Array&>(*array.indices()).raw_values();

  TextColumn out;
  std::vector<int32_t> text_of(static_cast<size_t>(dictionary.length()));
  std::map<std::optional<std::string>, int32_t> known;
  for (int64_t i = 0; i < dictionary.length(); ++i) {
    ARROW_ASSIGN_OR_RAISE(const auto value, dictionary.GetScalar(i));
    auto said = text(*value, index);
    if (!said.ok()) {
      const auto* row = std::find(numbers, numbers + array.length(), static_cast<int32_t>(i));
      return BadRowError(row - numbers, MessageOf(said.status()));
    }
    const auto [at, is_new] =
        known.try_emplace(*std::move(said), static_cast<int32_t>(out.texts.size()));
    if (is_new) out.texts.push_back(at->first);
    text_of[static_cast<size_t>(i)] = at->second;
  }
  out.row_text.resize(static_cast<size_t>(array.length()));
  for (size_t row = 0; row < out.row_text.size(); ++row) {
    out.row_text[row] = text_of[static_cast<size_t>(numbers[row])];
  }
  return out;
}

struct Groups {
  std::vector<int32_t> row_group;  // of each row
  std::vector<int64_t> first;      // of each group, its first row
  std::vector<int64_t> last;
  std::vector<int64_t> count;
};

Groups GroupsOf(const std::vector<TextColumn>& columns, int64_t rows) {
  Groups groups;
  groups.row_group.assign(static_cast<size_t>(rows), 0);
  // Column by column: the number of what came before, and of this column's text.
  for (const auto& column : columns) {
    std::unordered_map<uint64_t, int32_t> known;
    uint64_t before = ~uint64_t{0};
    int32_t group = -1;
    for (size_t row = 0; row < groups.row_group.size(); ++row) {
      const uint64_t pair = static_cast<uint64_t>(groups.row_group[row]) << 32 |
                            static_cast<uint32_t>(column.row_text[row]);
      if (pair != before) {
        group = known.try_emplace(pair, static_cast<int32_t>(known.size())).first->second;
        before = pair;
      }
      groups.row_group[row] = group;
    }
  }
  for (size_t row = 0; row < groups.row_group.size(); ++row) {
    const auto group = static_cast<size_t>(groups.row_group[row]);
    if (group == groups.count.size()) {
      groups.first.push_back(static_cast<int64_t>(row));
      groups.last.push_back(0);
      groups.count.push_back(0);
    }
    groups.last[group] = static_cast<int64_t>(row);
    ++groups.count[group];
  }
  return groups;
}

// The rows' positions, group behind group.
Result<std::shared_ptr<arrow::Buffer>> PositionsOf(const Groups& groups) {
  std::vector<int64_t> next;
  int64_t sum = 0;
  for (const int64_t count : groups.count) next.push_back(std::exchange(sum, sum + count));
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> buffer,
                        arrow::AllocateBuffer(sum * static_cast<int64_t>(sizeof(int32_t))));
  auto* positions = buffer->mutable_data_as<int32_t>();
  for (size_t row = 0; row < groups.row_group.size(); ++row) {
    positions[next[static_cast<size_t>(groups.row_group[row])]++] = static_cast<int32_t>(row);
  }
  return buffer;
}

std::shared_ptr<arrow::RecordBatch> WithoutColumns(const arrow::RecordBatch& batch,
                                                   const std::vector<int>& columns,
                                                   const std::shared_ptr<arrow::Schema>& schema) {
  arrow::ArrayVector left;
  for (int i = 0; i < batch.num_columns(); ++i) {
    if (std::find(columns.begin(), columns.end(), i) == columns.end()) {
      left.push_back(batch.column(i));
    }
  }
  return arrow::RecordBatch::Make(schema, batch.num_rows(), std::move(left));
}

}  // namespace

Result<std::vector<PartitionRows>> SplitByPartition(const arrow::RecordBatch& batch,
                                                    const std::vector<int>& partition_columns,
                                                    const PartitionText& text,
                                                    const std::shared_ptr<arrow::Schema>& schema) {
  std::vector<PartitionRows> out;
  if (batch.num_rows() == 0) return out;
  const auto rows = WithoutColumns(batch, partition_columns, schema);
  std::vector<TextColumn> columns;
  for (const int index : partition_columns) {
    ARROW_ASSIGN_OR_RAISE(columns.emplace_back(), TextsOf(batch.column(index), index, text));
  }
  const Groups groups = GroupsOf(columns, batch.num_rows());
  std::shared_ptr<arrow::Buffer> positions;
  int64_t begin = 0;
  for (size_t group = 0; group < groups.count.size(); ++group) {
    const int64_t first = groups.first[group];
    const int64_t count = groups.count[group];
    PartitionRows part;
    for (const auto& column : columns) {
      const auto number = column.row_text[static_cast<size_t>(first)];
      part.values.push_back(column.texts[static_cast<size_t>(number)]);
    }
    if (groups.last[group] - first + 1 == count) {
      part.rows = rows->Slice(first, count);
    } else {
      if (positions == nullptr) {
        ARROW_ASSIGN_OR_RAISE(positions, PositionsOf(groups));
      }
      const auto chosen = std::make_shared<arrow::Int32Array>(count, positions, nullptr, 0, begin);
      ARROW_ASSIGN_OR_RAISE(const auto taken,
                            arrow::compute::Take(rows, arrow::Datum(chosen),
                                                 arrow::compute::TakeOptions::NoBoundsCheck()));
      part.rows = taken.record_batch();
    }
    begin += count;
    out.push_back(std::move(part));
  }
  return out;
}

}  // namespace ampload::lake
