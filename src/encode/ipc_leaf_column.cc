// null, bool, and every type of a fixed width.
#include <arrow/type.h>

#include "encode/ipc_column.h"

namespace ampload::encode {
namespace {

class IpcNullColumn final : public IpcColumn {
 public:
  explicit IpcNullColumn(IpcShape* shape) : node_(shape->nodes++) {}

  MaybeRefusal Size(const Elements&, int64_t*) override { return std::nullopt; }
  void Write(const Elements& elements, IpcRow* rows) override {
    for (int64_t k = 0; k < elements.rows; ++k) {
      const int64_t length = elements.end(k) - elements.begin(k);
      rows[k].PutNode(node_, length, length);
    }
  }

 private:
  int64_t node_;
};

class IpcBoolColumn final : public IpcColumn {
 public:
  IpcBoolColumn(const arrow::ArrayData& data, bool nullable, IpcShape* shape)
      : node_(data, nullable, shape),
        buffer_(shape->buffers++),
        bits_(data.GetValues<uint8_t>(1, 0)),
        offset_(data.offset) {}

  MaybeRefusal Size(const Elements& elements, int64_t* sizes) override {
    for (int64_t k = 0; k < elements.rows; ++k) {
      sizes[k] += node_.BitmapSize(elements, k) + IpcRow::Padded(Bytes(elements, k));
    }
    return std::nullopt;
  }
  void Write(const Elements& elements, IpcRow* rows) override {
    for (int64_t k = 0; k < elements.rows; ++k) {
      node_.Write(elements, k, rows[k]);
      rows[k].PutBuffer(buffer_, Bytes(elements, k), [&](uint8_t* at) {
        std::memset(at, 0, static_cast<size_t>(Bytes(elements, k)));
        const int64_t begin = elements.begin(k);
        for (int64_t e = begin; e < elements.end(k); ++e) {
          const int64_t value = elements[e];
          const bool is_set =
              node_.HasValue(value) && arrow::bit_util::GetBit(bits_, offset_ + value);
          if (is_set) arrow::bit_util::SetBit(at, e - begin);
        }
      });
    }
  }

 private:
  static int64_t Bytes(const Elements& elements, int64_t k) {
    return (elements.end(k) - elements.begin(k) + 7) / 8;
  }

  IpcNode node_;
  int64_t buffer_;
  const uint8_t* bits_;
  int64_t offset_;
};

// Widths that are known to the compiler; 0 stands for any other.
template <int64_t kWidth>
class IpcFixedColumn final : public IpcColumn {
 public:
  IpcFixedColumn(const arrow::ArrayData& data, bool nullable, int64_t width, IpcShape* shape)
      : node_(data, nullable, shape),
        buffer_(shape->buffers++),
        values_(data.GetValues<uint8_t>(1, data.offset * width)),
        any_width_(width) {}

  MaybeRefusal Size(const Elements& elements, int64_t* sizes) override {
    for (int64_t k = 0; k < elements.rows; ++k) {
      sizes[k] += node_.BitmapSize(elements, k) + IpcRow::Padded(Bytes(elements, k));
    }
    return std::nullopt;
  }
  void Write(const Elements& elements, IpcRow* rows) override {
    for (int64_t k = 0; k < elements.rows; ++k) {
      node_.Write(elements, k, rows[k]);
      rows[k].PutBuffer(buffer_, Bytes(elements, k), [&](uint8_t* at) {
        for (int64_t e = elements.begin(k); e < elements.end(k); ++e, at += width()) {
          const int64_t value = elements[e];
          if (node_.HasValue(value)) {
            std::memcpy(at, values_ + value * width(), static_cast<size_t>(width()));
          } else {
            std::memset(at, 0, static_cast<size_t>(width()));
          }
        }
      });
    }
  }

 private:
  int64_t width() const { return kWidth == 0 ? any_width_ : kWidth; }
  int64_t Bytes(const Elements& elements, int64_t k) const {
    return (elements.end(k) - elements.begin(k)) * width();
  }

  IpcNode node_;
  int64_t buffer_;
  const uint8_t* values_;
  int64_t any_width_;
};

}  // namespace

std::unique_ptr<IpcColumn> MakeIpcLeafColumn(const arrow::ArrayData& data, bool nullable,
                                             IpcShape* shape) {
  if (data.type->id() == arrow::Type::NA) return std::make_unique<IpcNullColumn>(shape);
  if (data.type->id() == arrow::Type::BOOL) {
    return std::make_unique<IpcBoolColumn>(data, nullable, shape);
  }
  const int64_t width = data.type->byte_width();
  const auto make = [&]<int64_t kWidth>(std::integral_constant<int64_t, kWidth>) {
    return std::make_unique<IpcFixedColumn<kWidth>>(data, nullable, width, shape);
  };
  switch (width) {
    case 1:
      return make(std::integral_constant<int64_t, 1>{});
    case 2:
      return make(std::integral_constant<int64_t, 2>{});
    case 4:
      return make(std::integral_constant<int64_t, 4>{});
    case 8:
      return make(std::integral_constant<int64_t, 8>{});
    case 16:
      return make(std::integral_constant<int64_t, 16>{});
    case 20:
      return make(std::integral_constant<int64_t, 20>{});
    case 32:
      return make(std::integral_constant<int64_t, 32>{});
    default:
      return make(std::integral_constant<int64_t, 0>{});
  }
}

}  // namespace ampload::encode
