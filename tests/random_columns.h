// Random Arrow columns of random types, the same for the same seed: nested, sliced at every level,
// with nulls and without null bitmaps, and with values behind the nulls that no encoder may look
// at.
#pragma once

#include <arrow/api.h>

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "random_types.h"

namespace ampload {

class RandomColumns {
 public:
  struct Options {
    int max_depth = 3;
    bool for_python = false;  // see RandomTypes
    // Leaves out what PostgreSQL cannot hold: what is finer than a microsecond, a duration that
    // does not fit in 64 bits of them.
    bool for_postgresql = false;
  };

  explicit RandomColumns(uint64_t seed) : RandomColumns(seed, Options{}) {}
  RandomColumns(uint64_t seed, Options options)
      : options_(options), dice_(seed), types_(dice_, options.for_python) {}

  RandomColumns(const RandomColumns&) = delete;
  RandomColumns& operator=(const RandomColumns&) = delete;

  std::shared_ptr<arrow::RecordBatch> Batch(int columns, int64_t rows) {
    arrow::FieldVector fields;
    arrow::ArrayVector arrays;
    for (int i = 0; i < columns; ++i) {
      // Names on both sides of the sizes where a header or a copy changes its form.
      const std::string name = "c" + std::to_string(i) + std::string(Roll(40), 'n');
      fields.push_back(arrow::field(name, Type()));
      arrays.push_back(Column(fields.back()->type(), rows));
    }
    return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), rows, std::move(arrays));
  }

  std::shared_ptr<arrow::DataType> Type() { return types_.Type(options_.max_depth); }

  // Often a slice of something longer.
  std::shared_ptr<arrow::Array> Column(const std::shared_ptr<arrow::DataType>& type, int64_t rows,
                                       bool nullable = true) {
    if (Roll(2) == 0) return Whole(type, rows, nullable);
    const int64_t before = Roll(20), after = Roll(20);
    return Whole(type, before + rows + after, nullable)->Slice(before, rows);
  }

  // 0 to n - 1.
  int64_t Roll(int64_t n) { return dice_.Roll(n); }

 private:
  using TypePtr = std::shared_ptr<arrow::DataType>;
  using ArrayPtr = std::shared_ptr<arrow::Array>;
  using BufferPtr = std::shared_ptr<arrow::Buffer>;

  static void Must(const arrow::Status& status) {
    if (!status.ok()) status.Abort();
  }
  uint64_t Bits() { return dice_.Bits(); }
  template <class T>
  const T& OneOf(const std::vector<T>& choices) {
    return dice_.OneOf(choices);
  }

  // Nothing, or a bitmap of `rows` bits.
  BufferPtr Nulls(int64_t rows, bool nullable) {
    const int64_t percent = nullable ? OneOf<int64_t>({0, 0, 20, 90}) : 0;
    if (percent == 0) return nullptr;
    auto bitmap = arrow::AllocateEmptyBitmap(rows).ValueOrDie();
    for (int64_t i = 0; i < rows; ++i) {
      if (Roll(100) >= percent) arrow::bit_util::SetBit(bitmap->mutable_data(), i);
    }
    return bitmap;
  }
  static bool IsNull(const BufferPtr& nulls, int64_t row) {
    return nulls != nullptr && !arrow::bit_util::GetBit(nulls->data(), row);
  }

  // Small ones, edges and their neighbours, anything.
  int64_t Integer(int64_t low, int64_t high) {
    if (Roll(3) == 0) {
      const int64_t edge = OneOf<int64_t>({0, low, high, -32, 127, 255, -128, 32767, 65535, -32768,
                                           2147483647, 4294967295, -2147483648LL});
      const auto moved =
          static_cast<int64_t>(static_cast<uint64_t>(edge) + static_cast<uint64_t>(Roll(3) - 1));
      return std::clamp(moved, low, high);
    }
    return dice_.Between(low, high) / (Roll(2) == 0 ? 1 : 100003);
  }

  template <class T, class Value>
  ArrayPtr Fixed(const TypePtr& type, int64_t rows, bool nullable, Value&& value) {
    BufferPtr nulls = Nulls(rows, nullable);
    std::string bytes;
    for (int64_t i = 0; i < rows; ++i) {
      const T slot =
          IsNull(nulls, i) ? std::bit_cast<T>(Garbage<sizeof(T)>()) : static_cast<T>(value());
      bytes.append(reinterpret_cast<const char*>(&slot), sizeof(T));
    }
    return Make(type, rows, {nulls, arrow::Buffer::FromString(std::move(bytes))});
  }
  template <size_t kBytes>
  std::array<char, kBytes> Garbage() {
    std::array<char, kBytes> bytes;
    for (char& c : bytes) c = static_cast<char>(Bits());
    return bytes;
  }
  template <class T>
  ArrayPtr Integers(const TypePtr& type, int64_t rows, bool nullable,
                    int64_t low = std::numeric_limits<T>::min(),
                    int64_t high = std::numeric_limits<T>::max()) {
    return Fixed<T>(type, rows, nullable, [&] { return Integer(low, high); });
  }
  static ArrayPtr Make(const TypePtr& type, int64_t rows, std::vector<BufferPtr> buffers,
                       std::vector<std::shared_ptr<arrow::ArrayData>> children = {}) {
    return arrow::MakeArray(
        arrow::ArrayData::Make(type, rows, std::move(buffers), std::move(children)));
  }

  // The number's bytes in the column's width.
  ArrayPtr Decimals(const TypePtr& type, int64_t rows, bool nullable) {
    const auto& decimal = static_cast<const arrow::DecimalType&>(*type);
    const auto width = static_cast<size_t>(decimal.byte_width());
    BufferPtr nulls = Nulls(rows, nullable);
    std::string bytes;
    for (int64_t i = 0; i < rows; ++i) {
      std::string digits(static_cast<size_t>(1 + Roll(decimal.precision())), '9');
      if (Roll(4) > 0) {
        for (char& c : digits) c = static_cast<char>('0' + Roll(10));
      }
      if (Roll(10) == 0) digits = "0";
      arrow::Decimal256 value(digits);
      if (Roll(2) == 0) value.Negate();
      bytes.append(reinterpret_cast<const char*>(value.little_endian_array().data()), width);
    }
    return Make(type, rows, {nulls, arrow::Buffer::FromString(std::move(bytes))});
  }

  std::string Bytes(int64_t length) {
    std::string bytes(static_cast<size_t>(length), '\0');
    for (char& c : bytes) c = static_cast<char>(Bits());
    return bytes;
  }
  int64_t Length() {
    return Roll(200) == 0 ? 65535 + Roll(3)
                          : OneOf<int64_t>({0, 1, 5, 12, 13, 31, 32, 33, 255, 256, Roll(600)});
  }
  std::string Text(int64_t length) {
    static const std::vector<std::string> kPieces = {"a", "Z", "\0", "\x7f", "ü", "漢", "🦀"};
    std::string text;
    while (static_cast<int64_t>(text.size()) < length) text += OneOf(kPieces);
    return text;
  }

  template <class Offset>
  ArrayPtr Strings(const TypePtr& type, int64_t rows, bool nullable, bool utf8) {
    BufferPtr nulls = Nulls(rows, nullable);
    std::string bytes = Bytes(Roll(3));
    std::vector<Offset> offsets{static_cast<Offset>(bytes.size())};
    for (int64_t i = 0; i < rows; ++i) {
      bytes += utf8 && !IsNull(nulls, i) ? Text(Length()) : Bytes(Length());
      offsets.push_back(static_cast<Offset>(bytes.size()));
    }
    return Make(type, rows,
                {nulls, arrow::Buffer::FromVector(std::move(offsets)),
                 arrow::Buffer::FromString(std::move(bytes))});
  }
  template <class Builder>
  ArrayPtr Views(int64_t rows, bool nullable, bool utf8) {
    BufferPtr nulls = Nulls(rows, nullable);
    Builder builder;
    for (int64_t i = 0; i < rows; ++i) {
      const arrow::Status status = IsNull(nulls, i) ? builder.AppendNull()
                                   : utf8           ? builder.Append(Text(Length()))
                                                    : builder.Append(Bytes(Length()));
      Must(status);
    }
    return builder.Finish().ValueOrDie();
  }

  template <class Offset>
  ArrayPtr Lists(const TypePtr& type, int64_t rows, bool nullable) {
    BufferPtr nulls = Nulls(rows, nullable);
    std::vector<Offset> offsets{static_cast<Offset>(Roll(3))};
    for (int64_t i = 0; i < rows; ++i) {
      offsets.push_back(static_cast<Offset>(offsets.back() + ListLength()));
    }
    const int64_t total = offsets.back() + Roll(3);
    return Make(type, rows, {nulls, arrow::Buffer::FromVector(std::move(offsets))},
                {Child(*type, total)});
  }
  // Rows that overlap and come in any order.
  template <class Offset>
  ArrayPtr ListViews(const TypePtr& type, int64_t rows, bool nullable) {
    const int64_t total = 1 + Roll(3 * rows + 1);
    std::vector<Offset> offsets, sizes;
    for (int64_t i = 0; i < rows; ++i) {
      offsets.push_back(static_cast<Offset>(Roll(total)));
      sizes.push_back(static_cast<Offset>(std::min(total - offsets.back(), ListLength())));
    }
    return Make(type, rows,
                {Nulls(rows, nullable), arrow::Buffer::FromVector(std::move(offsets)),
                 arrow::Buffer::FromVector(std::move(sizes))},
                {Child(*type, total)});
  }
  int64_t ListLength() { return Roll(50) == 0 ? 15 + Roll(3) : Roll(4); }
  std::shared_ptr<arrow::ArrayData> Child(const arrow::DataType& type, int64_t length) {
    if (type.id() != arrow::Type::MAP) return Column(type.field(0)->type(), length)->data();
    const auto& map = static_cast<const arrow::MapType&>(type);
    const int64_t before = Roll(3);
    auto entries = Make(type.field(0)->type(), before + length, {nullptr},
                        {Column(map.key_type(), before + length, false)->data(),
                         Column(map.item_type(), before + length)->data()});
    return entries->Slice(before)->data();
  }

  ArrayPtr Structs(const TypePtr& type, int64_t rows, bool nullable) {
    std::vector<std::shared_ptr<arrow::ArrayData>> children;
    for (const auto& field : type->fields())
      children.push_back(Column(field->type(), rows)->data());
    return Make(type, rows, {Nulls(rows, nullable)}, std::move(children));
  }

  ArrayPtr Dictionaries(const TypePtr& type, int64_t rows, bool nullable) {
    const auto& dictionary = static_cast<const arrow::DictionaryType&>(*type);
    const int64_t length = 1 + Roll(20);
    auto values = Column(dictionary.value_type(), length, nullable);
    // Behind a null any index may stand; Arrow's own reader looks at it, so it is a valid one.
    BufferPtr nulls = Nulls(rows, nullable);
    std::vector<int64_t> numbers;
    for (int64_t i = 0; i < rows; ++i) numbers.push_back(Roll(length));
    const auto fill = [&]<class T>(T) -> BufferPtr {
      return arrow::Buffer::FromVector(std::vector<T>(numbers.begin(), numbers.end()));
    };
    const auto id = dictionary.index_type()->id();
    BufferPtr indices = id == arrow::Type::INT8     ? fill(int8_t{})
                        : id == arrow::Type::UINT16 ? fill(uint16_t{})
                                                    : fill(int64_t{});
    auto data = arrow::ArrayData::Make(type, rows, {nulls, indices});
    data->dictionary = values->data();
    return arrow::MakeArray(data);
  }

  ArrayPtr Runs(const TypePtr& type, int64_t rows, bool nullable) {
    const auto& runs = static_cast<const arrow::RunEndEncodedType&>(*type);
    auto ends = arrow::MakeBuilder(runs.run_end_type()).ValueOrDie();
    for (int64_t end = 0; end < rows;) {
      end = std::min(rows, end + 1 + Roll(8));
      Must(ends->AppendScalar(**arrow::MakeScalar(end)->CastTo(runs.run_end_type())));
    }
    const int64_t count = ends->length();
    return Make(
        type, rows, {nullptr},
        {ends->Finish().ValueOrDie()->data(), Column(runs.value_type(), count, nullable)->data()});
  }

  // Nanoseconds that are whole microseconds where they have to be.
  ArrayPtr Nanoseconds(const TypePtr& type, int64_t rows, bool nullable,
                       int64_t low = std::numeric_limits<int64_t>::min(),
                       int64_t high = std::numeric_limits<int64_t>::max()) {
    if (!options_.for_postgresql) return Integers<int64_t>(type, rows, nullable, low, high);
    return Fixed<int64_t>(type, rows, nullable,
                          [&] { return Integer(low / 1000, high / 1000) * 1000; });
  }
  ArrayPtr Durations(const TypePtr& type, int64_t rows, bool nullable) {
    constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
    const auto unit = static_cast<const arrow::DurationType&>(*type).unit();
    if (unit == arrow::TimeUnit::NANO) return Nanoseconds(type, rows, nullable);
    if (!options_.for_postgresql || unit == arrow::TimeUnit::MICRO) {
      return Integers<int64_t>(type, rows, nullable);
    }
    const int64_t most = kMost / (unit == arrow::TimeUnit::SECOND ? 1000000 : 1000);
    return Integers<int64_t>(type, rows, nullable, -most, most);
  }

  ArrayPtr Timestamps(const TypePtr& type, int64_t rows, bool nullable) {
    constexpr int64_t kFirst = -62167219200, kLast = 253402300799;  // years 0000 to 9999, seconds
    switch (static_cast<const arrow::TimestampType&>(*type).unit()) {
      case arrow::TimeUnit::SECOND:
        return Integers<int64_t>(type, rows, nullable, kFirst, kLast);
      case arrow::TimeUnit::MILLI:
        return Integers<int64_t>(type, rows, nullable, kFirst * 1000, kLast * 1000 + 999);
      case arrow::TimeUnit::MICRO:
        return Integers<int64_t>(type, rows, nullable, kFirst * 1000000, kLast * 1000000 + 999999);
      default:
        return Nanoseconds(type, rows, nullable);
    }
  }

  ArrayPtr Whole(const TypePtr& type, int64_t rows, bool nullable) {
    using arrow::Type;
    constexpr int64_t kFirstDay = -719528, kLastDay = 2932896;
    switch (type->id()) {
      case Type::NA:
        return std::make_shared<arrow::NullArray>(rows);
      case Type::BOOL:
        return Make(type, rows,
                    {Nulls(rows, nullable), arrow::Buffer::FromString(Bytes(rows / 8 + 1))});
      case Type::INT8:
        return Integers<int8_t>(type, rows, nullable);
      case Type::INT16:
        return Integers<int16_t>(type, rows, nullable);
      case Type::INT32:
        return Integers<int32_t>(type, rows, nullable);
      case Type::DURATION:
        return Durations(type, rows, nullable);
      case Type::INT64:
        return Integers<int64_t>(type, rows, nullable);
      case Type::UINT8:
        return Integers<uint8_t>(type, rows, nullable);
      case Type::UINT16:
        return Integers<uint16_t>(type, rows, nullable);
      case Type::UINT32:
        return Integers<uint32_t>(type, rows, nullable);
      case Type::UINT64:
        return Fixed<uint64_t>(type, rows, nullable, [&] { return Bits() >> Roll(64); });
      case Type::HALF_FLOAT:
        return Fixed<uint16_t>(type, rows, nullable, [&] { return Bits(); });
      case Type::FLOAT:
        return Fixed<uint32_t>(type, rows, nullable, [&] { return Bits(); });
      case Type::DOUBLE:
        return Fixed<uint64_t>(type, rows, nullable, [&] { return Bits(); });
      case Type::DECIMAL32:
      case Type::DECIMAL64:
      case Type::DECIMAL128:
      case Type::DECIMAL256:
        return Decimals(type, rows, nullable);
      case Type::STRING:
        return Strings<int32_t>(type, rows, nullable, true);
      case Type::LARGE_STRING:
        return Strings<int64_t>(type, rows, nullable, true);
      case Type::BINARY:
        return Strings<int32_t>(type, rows, nullable, false);
      case Type::LARGE_BINARY:
        return Strings<int64_t>(type, rows, nullable, false);
      case Type::STRING_VIEW:
        return Views<arrow::StringViewBuilder>(rows, nullable, true);
      case Type::BINARY_VIEW:
        return Views<arrow::BinaryViewBuilder>(rows, nullable, false);
      case Type::FIXED_SIZE_BINARY: {
        const int64_t width = static_cast<const arrow::FixedSizeBinaryType&>(*type).byte_width();
        return Make(type, rows,
                    {Nulls(rows, nullable), arrow::Buffer::FromString(Bytes(rows * width))});
      }
      case Type::DATE32:
        return Integers<int32_t>(type, rows, nullable, kFirstDay, kLastDay);
      case Type::DATE64:
        return Fixed<int64_t>(type, rows, nullable,
                              [&] { return Integer(kFirstDay, kLastDay) * 86400000; });
      case Type::TIME32: {
        const bool seconds = type->Equals(arrow::time32(arrow::TimeUnit::SECOND));
        return Integers<int32_t>(type, rows, nullable, 0, seconds ? 86399 : 86399999);
      }
      case Type::TIME64: {
        const bool micros = type->Equals(arrow::time64(arrow::TimeUnit::MICRO));
        return micros ? Integers<int64_t>(type, rows, nullable, 0, 86399999999)
                      : Nanoseconds(type, rows, nullable, 0, 86399999999999);
      }
      case Type::TIMESTAMP:
        return Timestamps(type, rows, nullable);
      case Type::INTERVAL_MONTHS:
        return Integers<int32_t>(type, rows, nullable);
      case Type::INTERVAL_DAY_TIME:
        return Fixed<arrow::DayTimeIntervalType::DayMilliseconds>(type, rows, nullable, [&] {
          return arrow::DayTimeIntervalType::DayMilliseconds(Small(), Small());
        });
      case Type::INTERVAL_MONTH_DAY_NANO:
        return Fixed<arrow::MonthDayNanoIntervalType::MonthDayNanos>(type, rows, nullable, [&] {
          return arrow::MonthDayNanoIntervalType::MonthDayNanos{
              Small(), Small(),
              options_.for_postgresql ? Integer(-1'000'000'000, 1'000'000'000) * 1000
                                      : Integer(-1'000'000'000'000, 1'000'000'000'000)};
        });
      case Type::LIST:
        return Lists<int32_t>(type, rows, nullable);
      case Type::MAP:
        return Lists<int32_t>(type, rows, nullable);
      case Type::LARGE_LIST:
        return Lists<int64_t>(type, rows, nullable);
      case Type::LIST_VIEW:
        return ListViews<int32_t>(type, rows, nullable);
      case Type::LARGE_LIST_VIEW:
        return ListViews<int64_t>(type, rows, nullable);
      case Type::FIXED_SIZE_LIST: {
        const auto& list = static_cast<const arrow::FixedSizeListType&>(*type);
        return Make(type, rows, {Nulls(rows, nullable)}, {Child(*type, rows * list.list_size())});
      }
      case Type::STRUCT:
        return Structs(type, rows, nullable);
      case Type::DICTIONARY:
        return Dictionaries(type, rows, nullable);
      case Type::RUN_END_ENCODED:
        return Runs(type, rows, nullable);
      default: {  // an extension type
        const auto& extension = static_cast<const arrow::ExtensionType&>(*type);
        return arrow::ExtensionType::WrapArray(type,
                                               Whole(extension.storage_type(), rows, nullable));
      }
    }
  }
  int32_t Small() {
    return static_cast<int32_t>(
               Integer(std::numeric_limits<int32_t>::min(), std::numeric_limits<int32_t>::max())) /
           (Roll(2) == 0 ? 1 : 1 << 30);
  }

  Options options_;
  Dice dice_;
  RandomTypes types_;
};

}  // namespace ampload
