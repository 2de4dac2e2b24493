// Where a command talks to its user: two streams, and what is known of the terminal behind them.
#pragma once

#include <functional>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>

#include "ampload/log.h"

namespace ampload::cli {

struct Console {
  std::ostream& out;
  std::ostream& err;
  bool out_is_terminal = false;
  bool err_is_terminal = false;
  int columns = 80;  // of the terminal behind `out`
  std::function<std::optional<std::string>(const std::string&)> env;

  // How wide a line on `out` may be; 0: as wide as it likes (a pipe or a file).
  int width() const { return out_is_terminal ? columns : 0; }
  bool no_color() const;  // NO_COLOR is set and not empty
};

// The process's own: std::cout, std::cerr, the environment.
Console ProcessConsole();

// Says things on stderr, as text or as one JSON object a line. Control characters are shown
// escaped, so that a table's name cannot steer the terminal.
class Report {
 public:
  Report(Console& console, LogFormat format, bool quiet)
      : console_(console), format_(format), quiet_(quiet) {}

  void Error(std::string_view message) const;   // "ampload: error: ..."
  void Notice(std::string_view message) const;  // "ampload: ..."; not when quiet
  bool quiet() const { return quiet_; }

 private:
  void Say(std::string_view level, std::string_view color, std::string_view message) const;

  Console& console_;
  LogFormat format_;
  bool quiet_;
};

}  // namespace ampload::cli
