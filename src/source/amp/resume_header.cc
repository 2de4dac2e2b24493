#include "source/amp/resume_header.h"

#include <nlohmann/json.hpp>

namespace ampload::source {

std::string ResumeHeader(const StreamCursor& cursor) {
  auto json = nlohmann::ordered_json::object();
  for (const auto& [network, position] : cursor) {
    json[network] = {{"number", position.number.value}, {"hash", position.hash}};
  }
  return json.dump(-1, ' ', /*ensure_ascii=*/true, nlohmann::json::error_handler_t::replace);
}

}  // namespace ampload::source
