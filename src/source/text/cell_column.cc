#include "source/text/cell_column.h"

#include <arrow/api.h>
#include <arrow/util/decimal.h>
#include <arrow/util/utf8.h>

#include <algorithm>

namespace ampload::source {
namespace {

using arrow::Type;
using TypePtr = std::shared_ptr<arrow::DataType>;

// Parser: Fault operator()(std::string_view, Value*); Value is what the builder takes.
template <class Builder, class Value, class Parser>
class ParsedColumn final : public CellColumn {
 public:
  ParsedColumn(std::shared_ptr<arrow::ArrayBuilder> builder, Parser parser)
      : CellColumn(std::move(builder)), parser_(std::move(parser)) {}

  Status Append(std::string_view text, Fault* fault) override {
    Value value{};
    *fault = parser_(text, &value);
    return *fault == nullptr ? typed().Append(value) : typed().AppendEmptyValue();
  }

  Status AppendCells(const CsvCells& cells, int column, RowFaults* faults) override {
    Builder& builder = typed();
    ARROW_RETURN_NOT_OK(builder.Reserve(cells.rows));
    const CsvCell* cell = cells.first;
    for (uint32_t row = 0; row < cells.rows; ++row, cell += cells.step) {
      if (cells.IsNull(*cell)) {
        builder.UnsafeAppendNull();
        continue;
      }
      Value value{};
      const Fault fault = parser_(CellText(*cell, cells.quote, &scratch_), &value);
      if (fault == nullptr) [[likely]] {
        builder.UnsafeAppend(value);
      } else {
        builder.UnsafeAppendNull();
        faults->Add(row, column, fault);
      }
    }
    return Status::OK();
  }

 private:
  Builder& typed() { return static_cast<Builder&>(*builder_); }

  Parser parser_;
  std::string scratch_;
};

// Strings: the text itself, which has to be UTF-8; binary: see ParseBytes.
template <class Builder, bool kIsText>
class BytesColumn final : public CellColumn {
 public:
  using CellColumn::CellColumn;

  Status Append(std::string_view text, Fault* fault) override {
    *fault = nullptr;
    if constexpr (kIsText) {
      if (!arrow::util::ValidateUTF8(text)) *fault = kNotUtf8;
    } else {
      *fault = ParseBytes(text, &bytes_);
      text = bytes_;
    }
    return *fault == nullptr ? typed().Append(text) : typed().AppendEmptyValue();
  }

  Status AppendCells(const CsvCells& cells, int column, RowFaults* faults) override {
    if constexpr (kIsText && (std::is_same_v<Builder, arrow::StringBuilder> ||
                              std::is_same_v<Builder, arrow::LargeStringBuilder>)) {
      if (cells.utf8) return AppendValidText(cells);
    }
    ARROW_RETURN_NOT_OK(typed().Reserve(cells.rows));
    const CsvCell* cell = cells.first;
    for (uint32_t row = 0; row < cells.rows; ++row, cell += cells.step) {
      if (cells.IsNull(*cell)) {
        ARROW_RETURN_NOT_OK(typed().AppendNull());
        continue;
      }
      Fault fault = nullptr;
      ARROW_RETURN_NOT_OK(Append(CellText(*cell, cells.quote, &scratch_), &fault));
      if (fault != nullptr) faults->Add(row, column, fault);
    }
    return Status::OK();
  }

 private:
  Builder& typed() { return static_cast<Builder&>(*builder_); }

  Status AppendValidText(const CsvCells& cells) {
    Builder& builder = typed();
    int64_t bytes = 0;
    const CsvCell* cell = cells.first;
    for (uint32_t row = 0; row < cells.rows; ++row, cell += cells.step) bytes += cell->size;
    ARROW_RETURN_NOT_OK(builder.Reserve(cells.rows));
    ARROW_RETURN_NOT_OK(builder.ReserveData(bytes));
    cell = cells.first;
    for (uint32_t row = 0; row < cells.rows; ++row, cell += cells.step) {
      if (cells.IsNull(*cell)) {
        builder.UnsafeAppendNull();
      } else {
        builder.UnsafeAppend(CellText(*cell, cells.quote, &scratch_));
      }
    }
    return Status::OK();
  }

  std::string scratch_;
  std::string bytes_;
};

template <class Builder, class Value, class Parser>
std::unique_ptr<CellColumn> Parsed(std::shared_ptr<arrow::ArrayBuilder> builder, Parser parser) {
  return std::make_unique<ParsedColumn<Builder, Value, Parser>>(std::move(builder),
                                                                std::move(parser));
}

template <class ArrowType>
std::unique_ptr<CellColumn> DeclaredInteger(std::shared_ptr<arrow::ArrayBuilder> builder) {
  using Value = typename ArrowType::c_type;
  return Parsed<arrow::NumericBuilder<ArrowType>, Value>(
      std::move(builder),
      [](std::string_view text, Value* value) { return ParseInteger(text, value); });
}

template <class ArrowType>
std::unique_ptr<CellColumn> DeclaredFloat(std::shared_ptr<arrow::ArrayBuilder> builder) {
  using Value = typename ArrowType::c_type;
  return Parsed<typename arrow::TypeTraits<ArrowType>::BuilderType, Value>(
      std::move(builder),
      [](std::string_view text, Value* value) { return ParseFloat(text, value); });
}

template <class ArrowType>
std::unique_ptr<CellColumn> DeclaredDecimal(std::shared_ptr<arrow::ArrayBuilder> builder) {
  using Value = typename arrow::TypeTraits<ArrowType>::CType;
  const auto type = std::static_pointer_cast<arrow::DecimalType>(builder->type());
  return Parsed<typename arrow::TypeTraits<ArrowType>::BuilderType, Value>(
      std::move(builder),
      [precision = type->precision(), scale = type->scale()](std::string_view text, Value* value) {
        return ParseDecimal(text, precision, scale, value);
      });
}

// date32 of whole days and the like: a type with a unit.
template <class ArrowType, class Parse>
std::unique_ptr<CellColumn> DeclaredInUnit(std::shared_ptr<arrow::ArrayBuilder> builder,
                                           Parse parse) {
  const auto unit = static_cast<const ArrowType&>(*builder->type()).unit();
  using Value = typename ArrowType::c_type;
  return Parsed<arrow::NumericBuilder<ArrowType>, Value>(
      std::move(builder),
      [unit, parse](std::string_view text, Value* value) { return parse(text, unit, value); });
}

std::unique_ptr<CellColumn> FixedBytes(std::shared_ptr<arrow::ArrayBuilder> builder) {
  const int32_t width =
      static_cast<const arrow::FixedSizeBinaryType&>(*builder->type()).byte_width();
  return Parsed<arrow::FixedSizeBinaryBuilder, std::string_view>(
      std::move(builder),
      [width, bytes = std::string()](std::string_view text, std::string_view* value) mutable {
        const Fault fault = ParseFixedBytes(text, width, &bytes);
        *value = bytes;
        return fault;
      });
}

std::unique_ptr<CellColumn> Declared(std::shared_ptr<arrow::ArrayBuilder> builder) {
  using Text = std::string_view;
  switch (builder->type()->id()) {
    case Type::BOOL:
      return Parsed<arrow::BooleanBuilder, bool>(std::move(builder), &ParseBool);
    case Type::INT8:
      return DeclaredInteger<arrow::Int8Type>(std::move(builder));
    case Type::INT16:
      return DeclaredInteger<arrow::Int16Type>(std::move(builder));
    case Type::INT32:
      return DeclaredInteger<arrow::Int32Type>(std::move(builder));
    case Type::INT64:
      return DeclaredInteger<arrow::Int64Type>(std::move(builder));
    case Type::UINT8:
      return DeclaredInteger<arrow::UInt8Type>(std::move(builder));
    case Type::UINT16:
      return DeclaredInteger<arrow::UInt16Type>(std::move(builder));
    case Type::UINT32:
      return DeclaredInteger<arrow::UInt32Type>(std::move(builder));
    case Type::UINT64:
      return DeclaredInteger<arrow::UInt64Type>(std::move(builder));
    case Type::HALF_FLOAT:
      return DeclaredFloat<arrow::HalfFloatType>(std::move(builder));
    case Type::FLOAT:
      return DeclaredFloat<arrow::FloatType>(std::move(builder));
    case Type::DOUBLE:
      return DeclaredFloat<arrow::DoubleType>(std::move(builder));
    case Type::DATE32:
      return Parsed<arrow::Date32Builder, int32_t>(std::move(builder), &ParseDate32);
    case Type::DATE64:
      return Parsed<arrow::Date64Builder, int64_t>(std::move(builder), &ParseDate64);
    case Type::TIME32:
      return DeclaredInUnit<arrow::Time32Type>(std::move(builder), &ParseTime32);
    case Type::TIME64:
      return DeclaredInUnit<arrow::Time64Type>(std::move(builder), &ParseTime64);
    case Type::DURATION:
      return DeclaredInUnit<arrow::DurationType>(std::move(builder), &ParseDurationText);
    case Type::TIMESTAMP: {
      auto type = std::static_pointer_cast<arrow::TimestampType>(builder->type());
      return Parsed<arrow::TimestampBuilder, int64_t>(
          std::move(builder), [type = std::move(type)](Text text, int64_t* value) {
            return ParseTimestampText(text, *type, value);
          });
    }
    case Type::DECIMAL32:
      return DeclaredDecimal<arrow::Decimal32Type>(std::move(builder));
    case Type::DECIMAL64:
      return DeclaredDecimal<arrow::Decimal64Type>(std::move(builder));
    case Type::DECIMAL128:
      return DeclaredDecimal<arrow::Decimal128Type>(std::move(builder));
    case Type::DECIMAL256:
      return DeclaredDecimal<arrow::Decimal256Type>(std::move(builder));
    case Type::FIXED_SIZE_BINARY:
      return FixedBytes(std::move(builder));
    case Type::STRING:
      return std::make_unique<BytesColumn<arrow::StringBuilder, true>>(std::move(builder));
    case Type::LARGE_STRING:
      return std::make_unique<BytesColumn<arrow::LargeStringBuilder, true>>(std::move(builder));
    case Type::STRING_VIEW:
      return std::make_unique<BytesColumn<arrow::StringViewBuilder, true>>(std::move(builder));
    case Type::BINARY:
      return std::make_unique<BytesColumn<arrow::BinaryBuilder, false>>(std::move(builder));
    case Type::LARGE_BINARY:
      return std::make_unique<BytesColumn<arrow::LargeBinaryBuilder, false>>(std::move(builder));
    case Type::BINARY_VIEW:
      return std::make_unique<BytesColumn<arrow::BinaryViewBuilder, false>>(std::move(builder));
    default:
      return nullptr;
  }
}

// Of the types that inference chooses; null for those that it reads like declared ones (strings).
std::unique_ptr<CellColumn> Inferred(std::shared_ptr<arrow::ArrayBuilder> builder,
                                     Exponent exponent) {
  using Text = std::string_view;
  const auto type = builder->type();
  switch (type->id()) {
    case Type::BOOL:
      return Parsed<arrow::BooleanBuilder, bool>(
          std::move(builder), [](Text text, bool* value) -> Fault {
            return ParseInferredBool(text, value) ? nullptr : "not true or false";
          });
    case Type::INT64:
      return Parsed<arrow::Int64Builder, int64_t>(
          std::move(builder), [](Text text, int64_t* value) -> Fault {
            return ParseInferredInt64(text, value) ? nullptr : "not a plain int64";
          });
    case Type::UINT64:
      return Parsed<arrow::UInt64Builder, uint64_t>(
          std::move(builder), [](Text text, uint64_t* value) -> Fault {
            return ParseInferredUint64(text, value) ? nullptr : "not a plain uint64";
          });
    case Type::DOUBLE:
      return Parsed<arrow::DoubleBuilder, double>(
          std::move(builder), [exponent](Text text, double* value) -> Fault {
            return ParseInferredFloat64(text, exponent, value)
                       ? nullptr
                       : "not a float64 that keeps every digit";
          });
    case Type::DATE32:
      return Parsed<arrow::Date32Builder, int32_t>(
          std::move(builder), [](Text text, int32_t* value) -> Fault {
            return ParseInferredDate(text, value) ? nullptr : "not a date such as 2024-01-31";
          });
    case Type::TIMESTAMP: {
      const auto& timestamp = static_cast<const arrow::TimestampType&>(*type);
      const bool utc = !timestamp.timezone().empty();
      return Parsed<arrow::TimestampBuilder, int64_t>(
          std::move(builder), [unit = timestamp.unit(), utc](Text text, int64_t* value) -> Fault {
            if (ParseInferredTimestamp(text, unit, utc, value)) return nullptr;
            return utc ? "not a time such as 2024-01-31T23:59:59Z in the unit of the first rows"
                       : "not a time such as 2024-01-31T23:59:59 in the unit of the first rows";
          });
    }
    default:
      return nullptr;
  }
}

}  // namespace

bool IsCellType(const arrow::DataType& type) {
  switch (type.id()) {
    case Type::BINARY_VIEW:
    case Type::STRING_VIEW:
    case Type::FIXED_SIZE_BINARY:
    case Type::DURATION:
      return true;
    default:
      return arrow::is_primitive(type.id()) && !arrow::is_interval(type.id())
                 ? true
                 : arrow::is_base_binary_like(type.id()) || arrow::is_decimal(type.id());
  }
}

Result<std::unique_ptr<CellColumn>> MakeCellColumn(const TypePtr& type, Reading reading,
                                                   arrow::MemoryPool* pool) {
  if (!IsCellType(*type)) return std::unique_ptr<CellColumn>();
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::ArrayBuilder> builder,
                        arrow::MakeBuilder(type, pool));
  if (reading != Reading::kDeclared) {
    const bool json = reading == Reading::kInferredJson;
    auto column = Inferred(builder, json ? Exponent::kAny : Exponent::kAsPrinted);
    if (column != nullptr) return column;
  }
  return Declared(std::move(builder));
}

int64_t LeastValueBytes(const arrow::DataType& type) {
  switch (type.id()) {
    case Type::STRING:
    case Type::BINARY:
    case Type::LIST:
    case Type::MAP:
      return 4;
    case Type::STRUCT: {
      int64_t bytes = 0;
      for (const auto& field : type.fields()) bytes += LeastValueBytes(*field->type());
      return bytes;
    }
    case Type::FIXED_SIZE_LIST: {
      const auto& list = static_cast<const arrow::FixedSizeListType&>(type);
      return list.list_size() * LeastValueBytes(*list.value_type());
    }
    case Type::STRING_VIEW:
    case Type::BINARY_VIEW:
      return 16;
    default:
      return type.bit_width() > 0 ? std::max(1, type.bit_width() / 8) : 8;
  }
}

}  // namespace ampload::source
