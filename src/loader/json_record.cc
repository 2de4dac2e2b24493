#include "loader/json_record.h"

#include <arrow/buffer.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/api.h>

namespace ampload {

Status DamagedRecord(std::string_view loader, const std::string& where, const std::string& why) {
  return PermanentError(
      std::string(loader) +
      ": ampload's own record is damaged, or a newer ampload wrote it; nothing was changed: "
      "record=" +
      where + " reason=" + why);
}

Result<std::shared_ptr<arrow::Schema>> SchemaFromBytes(std::string_view loader,
                                                       std::string_view bytes,
                                                       const std::string& where) {
  arrow::io::BufferReader reader(std::make_shared<arrow::Buffer>(
      reinterpret_cast<const uint8_t*>(bytes.data()), static_cast<int64_t>(bytes.size())));
  arrow::ipc::DictionaryMemo memo;
  auto parsed = arrow::ipc::ReadSchema(&reader, &memo);
  if (!parsed.ok()) return DamagedRecord(loader, where, parsed.status().message());
  return parsed;
}

}  // namespace ampload
