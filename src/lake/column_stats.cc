#include "lake/column_stats.h"

#include <arrow/array.h>
#include <arrow/util/checked_cast.h>
#include <arrow/util/decimal.h>
#include <parquet/statistics.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>
#include <variant>

namespace ampload::lake {
namespace {

using arrow::internal::checked_cast;

// A value as Parquet keeps it, ordered as its column is.
using Value = std::variant<int64_t, double, arrow::Decimal256, std::string>;
struct Range {
  Value min;
  Value max;
};

int LeavesOf(const arrow::DataType& type) {
  if (type.num_fields() == 0) return 1;
  int leaves = 0;
  for (const auto& field : type.fields()) leaves += LeavesOf(*field->type());
  return leaves;
}

template <class ArrayType>
bool HasNan(const arrow::Array& array) {
  const auto& values = checked_cast<const ArrayType&>(array);
  const auto* raw = values.raw_values();
  bool any = false;
  for (int64_t i = 0; i < values.length(); ++i) any |= std::isnan(raw[i]);
  if (!any || values.null_count() == 0) return any;
  for (int64_t i = 0; i < values.length(); ++i) {  // what lies under a null is no value
    if (std::isnan(raw[i]) && values.IsValid(i)) return true;
  }
  return false;
}

std::optional<Value> DecimalOf(const parquet::FLBA& bytes, int width) {
  const auto value = arrow::Decimal256::FromBigEndian(bytes.ptr, width);
  if (!value.ok()) return std::nullopt;
  return *value;
}

template <class Stats>
const Stats& As(const parquet::Statistics& stats) {
  return static_cast<const Stats&>(stats);
}

template <class Number>
std::optional<Range> NumberRange(Number min, Number max, const arrow::DataType& type) {
  if (arrow::is_decimal(type.id())) return Range{arrow::Decimal256(min), arrow::Decimal256(max)};
  if (type.id() == arrow::Type::UINT64) return std::nullopt;
  if (type.id() == arrow::Type::UINT32) {
    return Range{int64_t{static_cast<uint32_t>(min)}, int64_t{static_cast<uint32_t>(max)}};
  }
  return Range{int64_t{min}, int64_t{max}};
}

// nullopt: a type whose least and greatest value are not given.
std::optional<Range> RangeOf(const parquet::Statistics& stats, const arrow::DataType& type) {
  switch (stats.physical_type()) {
    case parquet::Type::BOOLEAN: {
      const auto& typed = As<parquet::BoolStatistics>(stats);
      return Range{int64_t{typed.min()}, int64_t{typed.max()}};
    }
    case parquet::Type::INT32: {
      const auto& typed = As<parquet::Int32Statistics>(stats);
      return NumberRange(typed.min(), typed.max(), type);
    }
    case parquet::Type::INT64: {
      const auto& typed = As<parquet::Int64Statistics>(stats);
      return NumberRange(typed.min(), typed.max(), type);
    }
    case parquet::Type::FLOAT: {
      const auto& typed = As<parquet::FloatStatistics>(stats);
      return Range{double{typed.min()}, double{typed.max()}};
    }
    case parquet::Type::DOUBLE: {
      const auto& typed = As<parquet::DoubleStatistics>(stats);
      return Range{typed.min(), typed.max()};
    }
    case parquet::Type::BYTE_ARRAY: {
      const auto& typed = As<parquet::ByteArrayStatistics>(stats);
      return Range{std::string(std::string_view(typed.min())),
                   std::string(std::string_view(typed.max()))};
    }
    case parquet::Type::FIXED_LEN_BYTE_ARRAY: {
      if (!arrow::is_decimal(type.id())) return std::nullopt;
      const auto& typed = As<parquet::FLBAStatistics>(stats);
      const int width = stats.descr()->type_length();
      auto min = DecimalOf(typed.min(), width);
      auto max = DecimalOf(typed.max(), width);
      if (!min.has_value() || !max.has_value()) return std::nullopt;
      return Range{*std::move(min), *std::move(max)};
    }
    default:
      return std::nullopt;
  }
}

// Types of which Parquet keeps the very values.
bool IsOrdered(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::BOOL:
    case arrow::Type::INT8:
    case arrow::Type::INT16:
    case arrow::Type::INT32:
    case arrow::Type::INT64:
    case arrow::Type::UINT8:
    case arrow::Type::UINT16:
    case arrow::Type::UINT32:
    case arrow::Type::FLOAT:
    case arrow::Type::DOUBLE:
    case arrow::Type::DATE32:
    case arrow::Type::TIME64:
    case arrow::Type::DECIMAL32:
    case arrow::Type::DECIMAL64:
    case arrow::Type::DECIMAL128:
    case arrow::Type::DECIMAL256:
    case arrow::Type::STRING:
    case arrow::Type::LARGE_STRING:
    case arrow::Type::STRING_VIEW:
      return true;
    case arrow::Type::TIMESTAMP:
      return checked_cast<const arrow::TimestampType&>(type).unit() != arrow::TimeUnit::SECOND;
    case arrow::Type::TIME32:
      return checked_cast<const arrow::Time32Type&>(type).unit() != arrow::TimeUnit::SECOND;
    default:
      return false;
  }
}

template <class ScalarType, class Narrow>
std::shared_ptr<arrow::Scalar> DecimalScalar(const arrow::Decimal256& value,
                                             const std::shared_ptr<arrow::DataType>& type) {
  std::array<uint8_t, 32> bytes = {};
  value.ToBytes(bytes.data());  // in the machine's order, the lowest bytes first
  return std::make_shared<ScalarType>(Narrow(bytes.data()), type);
}

std::shared_ptr<arrow::Scalar> ScalarOf(const Value& value,
                                        const std::shared_ptr<arrow::DataType>& type) {
  static_assert(ARROW_LITTLE_ENDIAN, "decimals are narrowed by their first bytes");
  switch (type->id()) {
    case arrow::Type::STRING:
      return std::make_shared<arrow::StringScalar>(std::get<std::string>(value));
    case arrow::Type::LARGE_STRING:
      return std::make_shared<arrow::LargeStringScalar>(std::get<std::string>(value));
    case arrow::Type::STRING_VIEW:
      return std::make_shared<arrow::StringViewScalar>(std::get<std::string>(value));
    case arrow::Type::DECIMAL32:
      return DecimalScalar<arrow::Decimal32Scalar, arrow::Decimal32>(
          std::get<arrow::Decimal256>(value), type);
    case arrow::Type::DECIMAL64:
      return DecimalScalar<arrow::Decimal64Scalar, arrow::Decimal64>(
          std::get<arrow::Decimal256>(value), type);
    case arrow::Type::DECIMAL128:
      return DecimalScalar<arrow::Decimal128Scalar, arrow::Decimal128>(
          std::get<arrow::Decimal256>(value), type);
    case arrow::Type::DECIMAL256:
      return std::make_shared<arrow::Decimal256Scalar>(std::get<arrow::Decimal256>(value), type);
    case arrow::Type::FLOAT:
      return std::make_shared<arrow::FloatScalar>(static_cast<float>(std::get<double>(value)));
    case arrow::Type::DOUBLE:
      return std::make_shared<arrow::DoubleScalar>(std::get<double>(value));
    case arrow::Type::BOOL:
      return std::make_shared<arrow::BooleanScalar>(std::get<int64_t>(value) != 0);
    default: {
      auto scalar = arrow::MakeScalar(type, std::get<int64_t>(value));
      return scalar.ok() ? *std::move(scalar) : nullptr;
    }
  }
}

// The range of a column over all row groups; nullopt: not known, or there is no value.
std::optional<Range> RangeInFile(const parquet::FileMetaData& file, int leaf,
                                 const arrow::DataType& type) {
  std::optional<Range> whole;
  for (int group = 0; group < file.num_row_groups(); ++group) {
    const auto row_group = file.RowGroup(group);
    const auto chunk = row_group->ColumnChunk(leaf);
    const auto stats = chunk->is_stats_set() ? chunk->statistics() : nullptr;
    if (stats == nullptr) return std::nullopt;
    if (!stats->HasMinMax()) {
      if (stats->HasNullCount() && stats->null_count() == chunk->num_values()) continue;
      return std::nullopt;  // a value was too long to be kept
    }
    auto range = RangeOf(*stats, type);
    if (!range.has_value()) return std::nullopt;
    if (!whole.has_value()) {
      whole = std::move(range);
      continue;
    }
    if (range->min < whole->min) whole->min = std::move(range->min);
    if (whole->max < range->max) whole->max = std::move(range->max);
  }
  return whole;
}

}  // namespace

ColumnStatsCollector::ColumnStatsCollector(const arrow::Schema& schema) {
  int leaf = 0;
  for (const auto& field : schema.fields()) top_.push_back(AddField(*field, {}, &leaf));
}

int ColumnStatsCollector::AddField(const arrow::Field& field, std::vector<std::string> path,
                                   int* leaf) {
  const int at = static_cast<int>(entries_.size());
  path.push_back(field.name());
  const auto& type = field.type();
  entries_.push_back({path, type, -1, 0, false, {}});
  if (type->id() == arrow::Type::STRUCT) {
    for (const auto& child : type->fields()) {
      const int entry = AddField(*child, path, leaf);
      entries_[static_cast<size_t>(at)].children.push_back(entry);
    }
    return at;
  }
  if (type->num_fields() == 0 && IsOrdered(*type)) entries_[static_cast<size_t>(at)].leaf = *leaf;
  *leaf += LeavesOf(*type);
  return at;
}

Status ColumnStatsCollector::Add(const arrow::RecordBatch& rows) {
  for (size_t i = 0; i < top_.size(); ++i) {
    ARROW_RETURN_NOT_OK(AddArray(top_[i], *rows.column(static_cast<int>(i))));
  }
  return Status::OK();
}

Status ColumnStatsCollector::AddArray(int at, const arrow::Array& array) {
  auto& entry = entries_[static_cast<size_t>(at)];
  entry.null_count += array.null_count();
  if (!entry.has_nan) {
    if (entry.type->id() == arrow::Type::FLOAT) entry.has_nan = HasNan<arrow::FloatArray>(array);
    if (entry.type->id() == arrow::Type::DOUBLE) entry.has_nan = HasNan<arrow::DoubleArray>(array);
  }
  if (entry.children.empty()) return Status::OK();
  const auto& parent = checked_cast<const arrow::StructArray&>(array);
  for (size_t i = 0; i < entry.children.size(); ++i) {
    auto child = parent.field(static_cast<int>(i));
    if (parent.null_count() > 0) {  // a field is null where its struct is
      ARROW_ASSIGN_OR_RAISE(child, parent.GetFlattenedField(static_cast<int>(i)));
    }
    ARROW_RETURN_NOT_OK(AddArray(entry.children[i], *child));
  }
  return Status::OK();
}

std::vector<ColumnStats> ColumnStatsCollector::Finish(const parquet::FileMetaData& file) const {
  std::vector<ColumnStats> stats;
  stats.reserve(entries_.size());
  for (const auto& entry : entries_) {
    ColumnStats column;
    column.path = entry.path;
    column.null_count = entry.null_count;
    if (entry.leaf >= 0 && !entry.has_nan && entry.null_count < file.num_rows()) {
      if (const auto range = RangeInFile(file, entry.leaf, *entry.type); range.has_value()) {
        column.min = ScalarOf(range->min, entry.type);
        column.max = ScalarOf(range->max, entry.type);
      }
    }
    stats.push_back(std::move(column));
  }
  return stats;
}

}  // namespace ampload::lake
