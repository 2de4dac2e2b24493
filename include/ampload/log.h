// Logging for the library and for plugins: one line an event, on stderr, "component: message".
#pragma once

#include <string_view>

namespace ampload {

enum class LogLevel { kDebug, kInfo, kWarning, kError, kOff };
enum class LogFormat { kText, kJson };

// Safe from any thread. Secrets never go in.
void Log(LogLevel level, std::string_view component, std::string_view message);

inline void LogDebug(std::string_view c, std::string_view m) { Log(LogLevel::kDebug, c, m); }
inline void LogInfo(std::string_view c, std::string_view m) { Log(LogLevel::kInfo, c, m); }
inline void LogWarning(std::string_view c, std::string_view m) { Log(LogLevel::kWarning, c, m); }
inline void LogError(std::string_view c, std::string_view m) { Log(LogLevel::kError, c, m); }

// Process-wide; default kWarning and kText.
void SetLogLevel(LogLevel level);
void SetLogFormat(LogFormat format);

}  // namespace ampload
