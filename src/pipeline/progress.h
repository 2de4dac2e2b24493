// The progress line of a load: one line of the terminal, written again and again.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "pipeline/load.h"
#include "pipeline/stream_load.h"

namespace ampload::pipeline {

struct ProgressStyle {
  int fd = 2;          // where to; nothing is written where it is no terminal, or TERM is "dumb"
  bool quiet = false;  // write nothing
  bool color = true;   // the caller looks at NO_COLOR
};

// One thread at a time. Hand Show to LoadRequest::on_progress. Failed writes are ignored.
class ProgressLine {
 public:
  // `total_rows`: SourceEstimate::rows, where no filter or limit makes it too high.
  ProgressLine(std::string label, std::optional<int64_t> total_rows, ProgressStyle style);
  ~ProgressLine() { Clear(); }
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  // Writes the line over the last one, cut to the terminal's width. At most every 100 ms, by
  // `progress.seconds`; the change to `committing` is always shown.
  void Show(const LoadProgress& progress);

  void ShowStream(const StreamProgress& progress);

  // Takes the line away, so that what is printed next begins at the left. Show may follow.
  void Clear();

 private:
  void ShowText(std::string text);
  void Write(const std::string& text) const;

  std::string label_;
  std::optional<int64_t> total_rows_;
  ProgressStyle style_;
  bool silent_;
  bool shown_ = false;  // a line stands on the terminal
  std::optional<LoadProgress> last_;
  std::optional<double> last_stream_seconds_;
};

}  // namespace ampload::pipeline
