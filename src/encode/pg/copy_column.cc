#include "encode/pg/copy_column.h"

#include <arrow/extension_type.h>
#include <arrow/util/bit_util.h>

#include <algorithm>

#include "encode/indirect_column.h"
#include "encode/pg/copy_leaf.h"

namespace ampload::encode::pg {
namespace {

class CopyNulls final : public ColumnWriter {
 public:
  MaybeRefusal Size(const Rows& rows, int64_t* sizes) override {
    for (int64_t k = 0; k < rows.count; ++k) sizes[k] += kLengthSize;
    return std::nullopt;
  }
  void Write(const Rows& rows, uint8_t** cursors) override {
    for (int64_t k = 0; k < rows.count; ++k) cursors[k] = PutLength(cursors[k], -1);
  }
};

struct BoolCodec : FixedCodec {
  const uint8_t* bits;
  int64_t offset;

  static int64_t size() { return 1; }
  uint8_t* Put(uint8_t* at, int64_t row) const {
    *at = arrow::bit_util::GetBit(bits, offset + row) ? 1 : 0;
    return at + 1;
  }
};

}  // namespace

Losses::Losses(const std::vector<std::string>& allow) {
  const auto allows = [&](std::string_view name) {
    return std::find(allow.begin(), allow.end(), name) != allow.end();
  };
  timestamp_ns = allows("timestamp_ns_to_us");
  time_ns = allows("time_ns_to_us");
  duration_ns = allows("duration_ns_to_us");
}

std::unique_ptr<ColumnWriter> MakeCopyBool(const arrow::ArrayData& data) {
  return MakeCopyLeaf(data, BoolCodec{{}, data.GetValues<uint8_t>(1, 0), data.offset});
}

std::unique_ptr<ColumnWriter> MakeCopyColumn(const arrow::ArrayData& data, const PgType& type,
                                             const Losses& losses) {
  using arrow::Type;
  switch (data.type->id()) {
    case Type::EXTENSION: {
      arrow::ArrayData storage = data;
      storage.type = static_cast<const arrow::ExtensionType&>(*data.type).storage_type();
      return MakeCopyColumn(storage, type, losses);
    }
    case Type::DICTIONARY:
      return MakeDictionaryOver(data, NullField{}, MakeCopyColumn(*data.dictionary, type, losses));
    case Type::RUN_END_ENCODED:
      return MakeRunEndOver(data, MakeCopyColumn(*data.child_data[1], type, losses));
    case Type::NA:
      return std::make_unique<CopyNulls>();
    case Type::BOOL:
      return MakeCopyBool(data);
    case Type::INT8:
    case Type::INT16:
    case Type::INT32:
    case Type::INT64:
    case Type::UINT8:
    case Type::UINT16:
    case Type::UINT32:
    case Type::UINT64:
      return MakeCopyInteger(data, type);
    case Type::HALF_FLOAT:
    case Type::FLOAT:
    case Type::DOUBLE:
      return MakeCopyFloat(data, type);
    case Type::DECIMAL32:
    case Type::DECIMAL64:
    case Type::DECIMAL128:
    case Type::DECIMAL256:
      return MakeCopyDecimal(data, type);
    case Type::DATE32:
    case Type::DATE64:
    case Type::TIME32:
    case Type::TIME64:
    case Type::TIMESTAMP:
      return MakeCopyTemporal(data, type, losses);
    case Type::DURATION:
    case Type::INTERVAL_MONTHS:
    case Type::INTERVAL_DAY_TIME:
    case Type::INTERVAL_MONTH_DAY_NANO:
      return MakeCopyInterval(data, type, losses);
    case Type::STRING:
    case Type::LARGE_STRING:
    case Type::STRING_VIEW:
      return MakeCopyText(data, type);
    case Type::BINARY:
    case Type::LARGE_BINARY:
    case Type::BINARY_VIEW:
    case Type::FIXED_SIZE_BINARY:
      return MakeCopyBytes(data);
    default:  // lists, structs, maps
      return type.kind == PgKind::kArray ? MakeCopyArray(data, type, losses)
                                         : MakeCopyJson(data, type);
  }
}

}  // namespace ampload::encode::pg
