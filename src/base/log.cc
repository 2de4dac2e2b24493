#include "ampload/log.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

namespace ampload {
namespace {

std::atomic<LogFormat> format = LogFormat::kText;

spdlog::logger& Logger() {
  static spdlog::logger* logger = [] {
    auto* made = new spdlog::logger("ampload", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_level(spdlog::level::warn);
    made->set_pattern("%v");
    return made;
  }();
  return *logger;
}

spdlog::level::level_enum LevelOf(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarning:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
    case LogLevel::kOff:
      break;
  }
  return spdlog::level::off;
}

std::string_view NameOf(LogLevel level) {
  const auto name = spdlog::level::to_string_view(LevelOf(level));
  return {name.data(), name.size()};
}

}  // namespace

void Log(LogLevel level, std::string_view component, std::string_view message) {
  auto& logger = Logger();
  if (!logger.should_log(LevelOf(level))) return;
  if (format == LogFormat::kJson) {
    const nlohmann::json line = {
        {"level", NameOf(level)}, {"component", component}, {"message", message}};
    logger.log(LevelOf(level), "{}",
               line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  } else {
    logger.log(LevelOf(level), "{}: {}: {}", NameOf(level), component, message);
  }
}

void SetLogLevel(LogLevel level) { Logger().set_level(LevelOf(level)); }
void SetLogFormat(LogFormat value) { format = value; }

}  // namespace ampload
