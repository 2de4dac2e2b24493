// Strings, checked to be UTF-8, and binaries with offsets or as views.
#include <arrow/type_traits.h>
#include <arrow/util/utf8.h>

#include <limits>
#include <string>

#include "encode/bytes_layout.h"
#include "encode/ipc_column.h"

namespace ampload::encode {
namespace {

// The checks that both layouts share, and the sizes they rest on.
template <class Layout>
class IpcBytesColumn : public IpcColumn {
 public:
  IpcBytesColumn(const arrow::ArrayData& data, bool nullable, IpcShape* shape)
      : node_(data, nullable, shape),
        layout_(data),
        is_string_(arrow::is_string(data.type->id()) ||
                   data.type->id() == arrow::Type::STRING_VIEW) {}

 protected:
  // Calls on_value(index) for the elements of row k that have one.
  template <class OnValue>
  void ForEachValue(const Elements& elements, int64_t k, OnValue&& on_value) const {
    for (int64_t e = elements.begin(k); e < elements.end(k); ++e) {
      if (node_.HasValue(elements[e])) on_value(elements[e]);
    }
  }
  MaybeRefusal Check(const Elements& elements, int64_t k, int64_t total, int64_t most) const {
    int64_t not_utf8 = Elements::kNull;
    if (is_string_) {
      ForEachValue(elements, k, [&](int64_t value) {
        if (not_utf8 == Elements::kNull &&
            !arrow::util::ValidateUTF8(layout_.at(value), layout_.length(value))) {
          not_utf8 = value;
        }
      });
    }
    if (not_utf8 != Elements::kNull) {
      return Refusal{k, "string is not UTF-8", "length=" + std::to_string(layout_.length(not_utf8)),
                     ""};
    }
    if (total > most) {
      return Refusal{k, "a row's values are together longer than 2147483647 bytes",
                     "length=" + std::to_string(total), ""};
    }
    return std::nullopt;
  }

  IpcNode node_;
  Layout layout_;

 private:
  bool is_string_;
};

template <class Offset>
class IpcOffsetColumn final : public IpcBytesColumn<OffsetLayout<Offset>> {
 public:
  IpcOffsetColumn(const arrow::ArrayData& data, bool nullable, IpcShape* shape)
      : IpcBytesColumn<OffsetLayout<Offset>>(data, nullable, shape), buffer_(shape->buffers) {
    shape->buffers += 2;
  }

  MaybeRefusal Size(const Elements& elements, int64_t* sizes) override {
    for (int64_t k = 0; k < elements.rows; ++k) {
      const int64_t total = Total(elements, k);
      if (auto refusal = this->Check(elements, k, total, std::numeric_limits<Offset>::max())) {
        return refusal;
      }
      sizes[k] += this->node_.BitmapSize(elements, k) + IpcRow::Padded(Offsets(elements, k)) +
                  IpcRow::Padded(total);
    }
    return std::nullopt;
  }

  void Write(const Elements& elements, IpcRow* rows) override {
    for (int64_t k = 0; k < elements.rows; ++k) {
      this->node_.Write(elements, k, rows[k]);
      Offset total = 0;
      rows[k].PutBuffer(buffer_, Offsets(elements, k), [&](uint8_t* at) {
        std::memcpy(at, &total, sizeof(Offset));
        for (int64_t e = elements.begin(k); e < elements.end(k); ++e) {
          if (this->node_.HasValue(elements[e])) {
            total = static_cast<Offset>(total + this->layout_.length(elements[e]));
          }
          std::memcpy(at += sizeof(Offset), &total, sizeof(Offset));
        }
      });
      rows[k].PutBuffer(buffer_ + 1, total, [&](uint8_t* at) {
        this->ForEachValue(elements, k, [&](int64_t value) {
          const auto length = static_cast<size_t>(this->layout_.length(value));
          CopyShort(at, this->layout_.at(value), length);
          at += length;
        });
      });
    }
  }

 private:
  int64_t Total(const Elements& elements, int64_t k) const {
    int64_t total = 0;
    this->ForEachValue(elements, k, [&](int64_t value) { total += this->layout_.length(value); });
    return total;
  }
  static int64_t Offsets(const Elements& elements, int64_t k) {
    return (elements.end(k) - elements.begin(k) + 1) * static_cast<int64_t>(sizeof(Offset));
  }

  int64_t buffer_;
};

// Each row has one buffer of its long values, which may be empty.
class IpcViewColumn final : public IpcBytesColumn<ViewLayout> {
  using View = arrow::BinaryViewType::c_type;

 public:
  IpcViewColumn(const arrow::ArrayData& data, bool nullable, IpcShape* shape)
      : IpcBytesColumn(data, nullable, shape), buffer_(shape->buffers) {
    shape->buffers += 2;
    ++shape->views;
  }

  MaybeRefusal Size(const Elements& elements, int64_t* sizes) override {
    for (int64_t k = 0; k < elements.rows; ++k) {
      const int64_t total = Total(elements, k);
      if (auto refusal = Check(elements, k, total, std::numeric_limits<int32_t>::max())) {
        return refusal;
      }
      sizes[k] += node_.BitmapSize(elements, k) + Views(elements, k) + IpcRow::Padded(total);
    }
    return std::nullopt;
  }

  void Write(const Elements& elements, IpcRow* rows) override {
    for (int64_t k = 0; k < elements.rows; ++k) {
      node_.Write(elements, k, rows[k]);
      int32_t total = 0;
      rows[k].PutBuffer(buffer_, Views(elements, k), [&](uint8_t* at) {
        for (int64_t e = elements.begin(k); e < elements.end(k); ++e, at += sizeof(View)) {
          View view{};
          if (node_.HasValue(elements[e])) {
            view = layout_.views[elements[e]];
            if (!view.is_inline()) {
              view.ref.buffer_index = 0;
              view.ref.offset = total;
              total += view.size();
            }
          }
          std::memcpy(at, &view, sizeof(View));
        }
      });
      rows[k].PutBuffer(buffer_ + 1, total, [&](uint8_t* at) {
        ForEachValue(elements, k, [&](int64_t value) {
          if (layout_.views[value].is_inline()) return;
          const auto length = static_cast<size_t>(layout_.length(value));
          std::memcpy(at, layout_.at(value), length);
          at += length;
        });
      });
    }
  }

 private:
  int64_t Total(const Elements& elements, int64_t k) const {
    int64_t total = 0;
    ForEachValue(elements, k, [&](int64_t value) {
      if (!layout_.views[value].is_inline()) total += layout_.length(value);
    });
    return total;
  }
  static int64_t Views(const Elements& elements, int64_t k) {
    return (elements.end(k) - elements.begin(k)) * static_cast<int64_t>(sizeof(View));
  }

  int64_t buffer_;
};

}  // namespace

std::unique_ptr<IpcColumn> MakeIpcBytesColumn(const arrow::ArrayData& data, bool nullable,
                                              IpcShape* shape) {
  switch (data.type->id()) {
    case arrow::Type::STRING_VIEW:
    case arrow::Type::BINARY_VIEW:
      return std::make_unique<IpcViewColumn>(data, nullable, shape);
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY:
      return std::make_unique<IpcOffsetColumn<int64_t>>(data, nullable, shape);
    default:
      return std::make_unique<IpcOffsetColumn<int32_t>>(data, nullable, shape);
  }
}

}  // namespace ampload::encode
