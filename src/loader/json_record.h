// What a loader keeps beside the tables in a store that has no columns: versioned JSON records, and
// Arrow schemas as IPC messages. Pure.
#pragma once

#include <arrow/type.h>

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "ampload/status.h"

namespace ampload {

inline constexpr int kJsonRecordVersion = 1;  // the key `version` of every record

// `loader` begins the message, `where` names the record.
Status DamagedRecord(std::string_view loader, const std::string& where, const std::string& why);

// Runs `read` over the parsed record; whatever the library throws, and a newer version, becomes a
// DamagedRecord.
template <class T, class Read>
Result<T> FromJsonRecord(std::string_view loader, std::string_view text, const std::string& where,
                         Read read) {
  try {
    const auto json = nlohmann::json::parse(text);
    const int version = json.at("version").template get<int>();
    if (version > kJsonRecordVersion) {
      return DamagedRecord(loader, where, "version " + std::to_string(version));
    }
    return read(json);
  } catch (const nlohmann::json::exception& e) {
    return DamagedRecord(loader, where, e.what());
  }
}

// The schema that arrow::ipc::SerializeSchema made these bytes of.
Result<std::shared_ptr<arrow::Schema>> SchemaFromBytes(std::string_view loader,
                                                       std::string_view bytes,
                                                       const std::string& where);

}  // namespace ampload
