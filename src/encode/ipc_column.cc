#include "encode/ipc_column.h"

#include <arrow/extension_type.h>
#include <arrow/type_traits.h>

namespace ampload::encode {

std::unique_ptr<IpcColumn> MakeIpcColumn(const arrow::ArrayData& data, bool nullable,
                                         IpcShape* shape) {
  using arrow::Type;
  switch (data.type->id()) {
    case Type::STRING:
    case Type::LARGE_STRING:
    case Type::STRING_VIEW:
    case Type::BINARY:
    case Type::LARGE_BINARY:
    case Type::BINARY_VIEW:
      return MakeIpcBytesColumn(data, nullable, shape);
    case Type::STRUCT:
    case Type::LIST:
    case Type::LARGE_LIST:
    case Type::LIST_VIEW:
    case Type::LARGE_LIST_VIEW:
    case Type::FIXED_SIZE_LIST:
    case Type::MAP:
      return MakeIpcNestedColumn(data, nullable, shape);
    case Type::DICTIONARY:
    case Type::RUN_END_ENCODED:
      return MakeIpcIndirectColumn(data, nullable, shape);
    case Type::EXTENSION: {
      arrow::ArrayData storage = data;
      storage.type = static_cast<const arrow::ExtensionType&>(*data.type).storage_type();
      return MakeIpcColumn(storage, nullable, shape);
    }
    default:  // null, bool, numbers, decimals, dates and times, fixed binaries
      return MakeIpcLeafColumn(data, nullable, shape);
  }
}

}  // namespace ampload::encode
