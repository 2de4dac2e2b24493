#include "loaders/deltalake/roaring.h"

#include <bit>
#include <cstring>
#include <optional>
#include <string>

namespace ampload::deltalake {
namespace {

constexpr uint32_t kNoRuns = 12346;    // the cookie of a bitmap without run containers
constexpr uint32_t kRuns = 12347;      // in the low 16 bits; the high ones count containers
constexpr uint32_t kMostArray = 4096;  // values in an array container
constexpr size_t kBitmapBytes = 8192;
constexpr uint32_t kNoOffsets = 4;  // fewer containers with runs: no offsets are stored

Status Damaged(const std::string& what) {
  return PermanentError("deltalake: the deletion vector is damaged: " + what);
}

// Little-endian numbers, one after the other.
class Bytes {
 public:
  explicit Bytes(std::string_view bytes) : bytes_(bytes) {}

  template <class Number>
  Result<Number> Next() {
    ARROW_ASSIGN_OR_RAISE(const auto raw, Take(sizeof(Number)));
    static_assert(std::endian::native == std::endian::little);
    Number value;
    std::memcpy(&value, raw.data(), sizeof(Number));
    return value;
  }
  Result<std::string_view> Take(size_t count) {
    if (count > bytes_.size()) return Damaged("it ends too early");
    const auto out = bytes_.substr(0, count);
    bytes_.remove_prefix(count);
    return out;
  }
  bool empty() const { return bytes_.empty(); }

 private:
  std::string_view bytes_;
};

struct Container {
  int64_t base = 0;  // of its values
  uint32_t count = 0;
  bool runs = false;
};

Status ReadArray(Bytes* in, const Container& container, std::vector<int64_t>* out) {
  for (uint32_t i = 0; i < container.count; ++i) {
    ARROW_ASSIGN_OR_RAISE(const auto low, in->Next<uint16_t>());
    out->push_back(container.base + low);
  }
  return Status::OK();
}

Status ReadBits(Bytes* in, const Container& container, std::vector<int64_t>* out) {
  ARROW_ASSIGN_OR_RAISE(const auto raw, in->Take(kBitmapBytes));
  Bytes words(raw);
  for (int64_t word = 0; !words.empty(); ++word) {
    ARROW_ASSIGN_OR_RAISE(auto bits, words.Next<uint64_t>());
    for (; bits != 0; bits &= bits - 1) {
      out->push_back(container.base + word * 64 + std::countr_zero(bits));
    }
  }
  return Status::OK();
}

Status ReadRuns(Bytes* in, const Container& container, std::vector<int64_t>* out) {
  ARROW_ASSIGN_OR_RAISE(const auto runs, in->Next<uint16_t>());
  for (uint32_t i = 0; i < runs; ++i) {
    ARROW_ASSIGN_OR_RAISE(const auto start, in->Next<uint16_t>());
    ARROW_ASSIGN_OR_RAISE(const auto more, in->Next<uint16_t>());
    if (int64_t{start} + more > 0xFFFF) return Damaged("a run is too long");
    for (int64_t value = start; value <= int64_t{start} + more; ++value) {
      out->push_back(container.base + value);
    }
  }
  return Status::OK();
}

// One 32-bit bitmap; `high` are the upper bits of its values.
Status ReadBucket(Bytes* in, int64_t high, std::vector<int64_t>* out) {
  ARROW_ASSIGN_OR_RAISE(const auto cookie, in->Next<uint32_t>());
  uint32_t count = 0;
  std::string_view run_flags;
  if ((cookie & 0xFFFF) == kRuns) {
    count = (cookie >> 16) + 1;
    ARROW_ASSIGN_OR_RAISE(run_flags, in->Take((count + 7) / 8));
  } else if (cookie == kNoRuns) {
    ARROW_ASSIGN_OR_RAISE(count, in->Next<uint32_t>());
  } else {
    return Damaged("a bitmap's cookie is " + std::to_string(cookie));
  }
  if (count > 0x10000) return Damaged("a bitmap has too many containers");
  std::vector<Container> containers(count);
  for (uint32_t i = 0; i < count; ++i) {
    ARROW_ASSIGN_OR_RAISE(const auto key, in->Next<uint16_t>());
    ARROW_ASSIGN_OR_RAISE(const auto less_one, in->Next<uint16_t>());
    containers[i].base = high << 32 | int64_t{key} << 16;
    containers[i].count = uint32_t{less_one} + 1;
    containers[i].runs =
        !run_flags.empty() && ((static_cast<uint8_t>(run_flags[i / 8]) >> (i % 8)) & 1U) != 0;
  }
  // Where each container begins: they follow each other.
  if (run_flags.empty() || count >= kNoOffsets) {
    ARROW_RETURN_NOT_OK(in->Take(size_t{4} * count).status());
  }
  for (const auto& container : containers) {
    const auto before = out->size();
    if (container.runs) {
      ARROW_RETURN_NOT_OK(ReadRuns(in, container, out));
    } else if (container.count <= kMostArray) {
      ARROW_RETURN_NOT_OK(ReadArray(in, container, out));
    } else {
      ARROW_RETURN_NOT_OK(ReadBits(in, container, out));
    }
    if (out->size() - before != container.count) {
      return Damaged("a container has another number of values than it says");
    }
  }
  return Status::OK();
}

Status CheckAscending(const std::vector<int64_t>& values) {
  for (size_t i = 1; i < values.size(); ++i) {
    if (values[i] <= values[i - 1]) return Damaged("its rows do not ascend");
  }
  return Status::OK();
}

Result<uint32_t> NextBigEndian(Bytes* in) {
  ARROW_ASSIGN_OR_RAISE(const auto raw, in->Take(4));
  uint32_t value = 0;
  for (const char c : raw) value = value << 8 | static_cast<uint8_t>(c);
  return value;
}

}  // namespace

Result<std::vector<int64_t>> ValuesOfBitmapList(std::string_view bytes) {
  Bytes in(bytes);
  ARROW_ASSIGN_OR_RAISE(const auto count, NextBigEndian(&in));
  std::vector<int64_t> out;
  for (uint32_t high = 0; high < count; ++high) {
    ARROW_ASSIGN_OR_RAISE(const auto size, NextBigEndian(&in));
    ARROW_ASSIGN_OR_RAISE(const auto raw, in.Take(size));
    Bytes bitmap(raw);
    ARROW_RETURN_NOT_OK(ReadBucket(&bitmap, high, &out));
  }
  if (!in.empty()) return Damaged("bytes are left at its end");
  ARROW_RETURN_NOT_OK(CheckAscending(out));
  return out;
}

Result<std::vector<int64_t>> ValuesOfBitmap(std::string_view bytes) {
  Bytes in(bytes);
  ARROW_ASSIGN_OR_RAISE(const auto buckets, in.Next<uint64_t>());
  std::vector<int64_t> out;
  for (uint64_t i = 0; i < buckets; ++i) {
    ARROW_ASSIGN_OR_RAISE(const auto key, in.Next<uint32_t>());
    if (key > 0x7FFFFFFF) return Damaged("a key is negative");
    ARROW_RETURN_NOT_OK(ReadBucket(&in, key, &out));
  }
  if (!in.empty()) return Damaged("bytes are left at its end");
  ARROW_RETURN_NOT_OK(CheckAscending(out));
  return out;
}

}  // namespace ampload::deltalake
