// Random Arrow types, the same for the same seed.
#pragma once

#include <arrow/api.h>
#include <arrow/extension/uuid.h>

#include <random>
#include <string>
#include <vector>

namespace ampload {

class Dice {
 public:
  explicit Dice(uint64_t seed) : engine_(seed) {}
  // 0 to n - 1.
  int64_t Roll(int64_t n) { return Between(0, n - 1); }
  int64_t Between(int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(engine_);
  }
  uint64_t Bits() { return engine_(); }
  template <class T>
  const T& OneOf(const std::vector<T>& choices) {
    return choices[static_cast<size_t>(Roll(static_cast<int64_t>(choices.size())))];
  }

 private:
  std::mt19937_64 engine_;
};

// Every type that can be a column, nested or not.
class RandomTypes {
 public:
  using TypePtr = std::shared_ptr<arrow::DataType>;

  // `for_python` leaves out what pyarrow cannot turn into Python values: the two old intervals,
  // nested values of dictionaries and runs. `dice` must outlive it.
  RandomTypes(Dice& dice, bool for_python) : dice_(dice), for_python_(for_python) {}

  TypePtr FlatType() {
    using namespace arrow;  // NOLINT: the names of its types, all of them
    const TimeUnit::type unit =
        dice_.OneOf(std::vector(std::begin(TimeUnit::values()), std::end(TimeUnit::values())));
    const auto decimal = [&](auto make, int32_t max) {
      const auto precision = static_cast<int32_t>(1 + dice_.Roll(max));
      const bool plain = for_python_ || dice_.Roll(3) > 0;
      const auto scale = plain ? dice_.Roll(precision + 1) : dice_.Roll(2 * max + 1) - max;
      return make(precision, static_cast<int32_t>(scale)).ValueOrDie();
    };
    switch (dice_.Roll(for_python_ ? 33 : 35)) {
      case 0:
        return null();
      case 1:
        return boolean();
      case 2:
        return int8();
      case 3:
        return int16();
      case 4:
        return int32();
      case 5:
        return int64();
      case 6:
        return uint8();
      case 7:
        return uint16();
      case 8:
        return uint32();
      case 9:
        return uint64();
      case 10:
        return float16();
      case 11:
        return float32();
      case 12:
        return float64();
      case 13:
        return decimal(&Decimal32Type::Make, 9);
      case 14:
        return decimal(&Decimal64Type::Make, 18);
      case 15:
        return decimal(&Decimal128Type::Make, 38);
      case 16:
        return decimal(&Decimal256Type::Make, 76);
      case 17:
        return utf8();
      case 18:
        return large_utf8();
      case 19:
        return utf8_view();
      case 20:
        return binary();
      case 21:
        return large_binary();
      case 22:
        return binary_view();
      case 23:
        return fixed_size_binary(dice_.OneOf<int32_t>({1, 3, 8, 20, 32, 33, 300}));
      case 24:
        return date32();
      case 25:
        return date64();
      case 26:
        return time32(dice_.OneOf<TimeUnit::type>({TimeUnit::SECOND, TimeUnit::MILLI}));
      case 27:
        return time64(dice_.OneOf<TimeUnit::type>({TimeUnit::MICRO, TimeUnit::NANO}));
      case 28:
        return timestamp(unit);
      case 29:
        return timestamp(unit, dice_.OneOf<std::string>({"UTC", "+05:30", "Europe/Berlin"}));
      case 30:
        return duration(unit);
      case 31:
        return month_day_nano_interval();
      case 32:
        return extension::uuid();
      case 33:
        return month_interval();
      default:
        return day_time_interval();
    }
  }

  // Up to `depth` lists, structs and the like within each other.
  TypePtr Type(int depth) {
    using namespace arrow;  // NOLINT: as above
    if (depth == 0 || dice_.Roll(3) > 0) return FlatType();
    const auto field = [&] { return arrow::field("item", Type(depth - 1)); };
    // What Arrow itself can decode again; a null type has no nulls in a dictionary.
    const auto values = [&] {
      if (for_python_) return dice_.OneOf<TypePtr>({utf8(), int64(), binary()});
      return Type(depth - 1);
    };
    switch (dice_.Roll(9)) {
      case 0:
        return list(field());
      case 1:
        return large_list(field());
      case 2:
        return list_view(field());
      case 3:
        return large_list_view(field());
      case 4:
        return fixed_size_list(field(), static_cast<int32_t>(dice_.Roll(4)));
      case 5: {
        FieldVector fields;
        const int64_t count = dice_.Roll(20) == 0 ? 20 : dice_.Roll(4);
        for (int64_t i = 0; i < count; ++i) {
          fields.push_back(arrow::field("f" + std::to_string(i), Type(depth - 1)));
        }
        return struct_(fields);
      }
      case 6: {
        TypePtr key = FlatType();
        while (key->id() == Type::NA) key = FlatType();
        return map(key, field());
      }
      case 7:
        return dictionary(dice_.OneOf<TypePtr>({int8(), uint16(), int64()}), values());
      default:
        return run_end_encoded(dice_.OneOf<TypePtr>({int16(), int32(), int64()}), values());
    }
  }

 private:
  Dice& dice_;
  bool for_python_;
};

}  // namespace ampload
