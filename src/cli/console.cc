#include "cli/console.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <nlohmann/json.hpp>

#include "cli/text.h"

namespace ampload::cli {
namespace {

std::optional<std::string> ProcessEnvironment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

int TerminalColumns() {
  winsize size = {};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  return 80;
}

}  // namespace

bool Console::no_color() const {
  const auto value = env ? env("NO_COLOR") : std::nullopt;
  return value.has_value() && !value->empty();
}

Console ProcessConsole() {
  return {.out = std::cout,
          .err = std::cerr,
          .out_is_terminal = isatty(STDOUT_FILENO) == 1,
          .err_is_terminal = isatty(STDERR_FILENO) == 1,
          .columns = TerminalColumns(),
          .env = ProcessEnvironment};
}

void Report::Error(std::string_view message) const { Say("error", "\033[1;31m", message); }

void Report::Notice(std::string_view message) const {
  if (!quiet_) Say("", "", message);
}

void Report::Say(std::string_view level, std::string_view color, std::string_view message) const {
  if (format_ == LogFormat::kJson) {
    const nlohmann::json line = {
        {"level", level.empty() ? "info" : level}, {"component", "ampload"}, {"message", message}};
    console_.err << line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
  } else {
    console_.err << "ampload: ";
    const bool colored = console_.err_is_terminal && !console_.no_color() && !color.empty();
    if (!level.empty()) {
      console_.err << (colored ? color : "") << level << ":" << (colored ? "\033[0m" : "") << " ";
    }
    console_.err << EscapeControls(message, /*keep_newlines=*/true) << "\n";
  }
  console_.err.flush();
}

}  // namespace ampload::cli
