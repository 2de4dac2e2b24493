#include "encode/column_writer.h"

#include <arrow/extension_type.h>

#include <utility>

#include "encode/every_format.h"

namespace ampload::encode {

template <class Format>
std::unique_ptr<ColumnWriter> MakeColumnWriter(const arrow::ArrayData& data, KeyPrefix prefix) {
  using arrow::Type;
  switch (data.type->id()) {
    case Type::INT8:
    case Type::INT16:
    case Type::INT32:
    case Type::INT64:
    case Type::UINT8:
    case Type::UINT16:
    case Type::UINT32:
    case Type::UINT64:
      return MakeIntegerColumn<Format>(data, std::move(prefix));
    case Type::DECIMAL32:
    case Type::DECIMAL64:
    case Type::DECIMAL128:
    case Type::DECIMAL256:
      return MakeDecimalColumn<Format>(data, std::move(prefix));
    case Type::DATE32:
    case Type::DATE64:
    case Type::TIME32:
    case Type::TIME64:
    case Type::TIMESTAMP:
      return MakeTemporalColumn<Format>(data, std::move(prefix));
    case Type::DURATION:
    case Type::INTERVAL_MONTHS:
    case Type::INTERVAL_DAY_TIME:
    case Type::INTERVAL_MONTH_DAY_NANO:
      return MakeSpanColumn<Format>(data, std::move(prefix));
    case Type::STRING:
    case Type::LARGE_STRING:
    case Type::STRING_VIEW:
    case Type::BINARY:
    case Type::LARGE_BINARY:
    case Type::BINARY_VIEW:
    case Type::FIXED_SIZE_BINARY:
      return MakeBytesColumn<Format>(data, std::move(prefix));
    case Type::STRUCT:
      return MakeStructColumn<Format>(data, std::move(prefix));
    case Type::LIST:
    case Type::LARGE_LIST:
    case Type::LIST_VIEW:
    case Type::LARGE_LIST_VIEW:
    case Type::FIXED_SIZE_LIST:
    case Type::MAP:
      return MakeListColumn<Format>(data, std::move(prefix));
    case Type::DICTIONARY:
      return MakeDictionaryColumn<Format>(data, std::move(prefix));
    case Type::RUN_END_ENCODED:
      return MakeRunEndColumn<Format>(data, std::move(prefix));
    case Type::EXTENSION: {
      arrow::ArrayData storage = data;
      storage.type = static_cast<const arrow::ExtensionType&>(*data.type).storage_type();
      return MakeColumnWriter<Format>(storage, std::move(prefix));
    }
    default:  // null, bool, floats
      return MakeScalarColumn<Format>(data, std::move(prefix));
  }
}

AMPLOAD_FOR_EVERY_FORMAT(MakeColumnWriter)

}  // namespace ampload::encode
