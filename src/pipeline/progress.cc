#include "pipeline/progress.h"

#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>
#include <utility>

#include "pipeline/progress_text.h"

namespace ampload::pipeline {
namespace {

constexpr double kIntervalSeconds = 0.1;
constexpr std::string_view kToLineStart = "\r";
constexpr std::string_view kEraseToEnd = "\x1b[K";
constexpr std::string_view kBold = "\x1b[1m";
constexpr std::string_view kPlain = "\x1b[0m";

bool CanRewriteLines(int fd) {
  const char* terminal = getenv("TERM");
  return isatty(fd) == 1 && (terminal == nullptr || std::string_view(terminal) != "dumb");
}

// One less than there are, so that the cursor never wraps into the next line.
int64_t UsableColumns(int fd) {
  winsize size{};
  if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 79;
  return size.ws_col - 1;
}

}  // namespace

ProgressLine::ProgressLine(std::string label, std::optional<int64_t> total_rows,
                           ProgressStyle style)
    : label_(std::move(label)),
      total_rows_(total_rows),
      style_(style),
      silent_(style.quiet || !CanRewriteLines(style.fd)) {}

void ProgressLine::Show(const LoadProgress& progress) {
  if (silent_) return;
  if (last_.has_value() && last_->committing == progress.committing &&
      progress.seconds - last_->seconds < kIntervalSeconds) {
    return;
  }
  last_ = progress;
  ShowText(ProgressText(label_, progress, total_rows_, UsableColumns(style_.fd)));
}

void ProgressLine::ShowStream(const StreamProgress& progress) {
  if (silent_) return;
  if (last_stream_seconds_.has_value() &&
      progress.seconds - *last_stream_seconds_ < kIntervalSeconds) {
    return;
  }
  last_stream_seconds_ = progress.seconds;
  ShowText(ProgressText(label_, progress, UsableColumns(style_.fd)));
}

void ProgressLine::ShowText(std::string text) {
  if (style_.color) {
    const auto label_end = text.find("  ");
    if (label_end != std::string::npos) {
      text.insert(label_end, kPlain);
      text.insert(0, kBold);
    }
  }
  shown_ = true;
  Write(std::string(kToLineStart).append(text).append(kEraseToEnd));
}

void ProgressLine::Clear() {
  if (!shown_) return;
  shown_ = false;
  Write(std::string(kToLineStart).append(kEraseToEnd));
}

void ProgressLine::Write(const std::string& text) const {
  size_t written = 0;
  while (written < text.size()) {
    const ssize_t n = write(style_.fd, text.data() + written, text.size() - written);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;
    written += static_cast<size_t>(n);
  }
}

}  // namespace ampload::pipeline
