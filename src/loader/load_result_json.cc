#include "loader/load_result_json.h"

#include <nlohmann/json.hpp>
#include <variant>

namespace ampload {

std::string ToJson(const LoadResult& result) {
  using Json = nlohmann::ordered_json;
  Json metadata = Json::object();
  for (const auto& [name, value] : result.metadata) {
    std::visit([&, &key = name](const auto& plain) { metadata[key] = plain; }, value);
  }
  Json out;
  out["success"] = result.success;
  out["rows_loaded"] = result.rows_loaded;
  out["duration_seconds"] = result.duration_seconds;
  out["ops_per_second"] = result.ops_per_second;
  out["table_name"] = result.table_name;
  out["loader_type"] = result.loader_type;
  out["error"] = result.success ? Json(nullptr) : Json(result.error);
  out["metadata"] = std::move(metadata);
  return out.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace ampload
