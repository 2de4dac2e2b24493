// A quarantine as a source: its rows once more, for a load that can take them now.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "ampload/source.h"
#include "pipeline/held_file.h"
#include "pipeline/load_companion.h"
#include "pipeline/replaying_name.h"
#include "source/text/record_reader.h"

namespace ampload::pipeline {

// Rows that had been rows come as they are; records that never became rows are read again from
// their text, with the options of the first time and `types` over them. A column that `types` names
// has that type in all rows. Small: the whole file is in memory.
//
// Permanent: a missing or damaged file; data: not a quarantine, a record that still cannot be read
// (with keep_bad it goes into SourceBatch.bad).
struct ReplayOptions {
  std::string path;
  std::map<std::string, std::shared_ptr<arrow::DataType>> types;
  bool keep_bad = false;
};
Result<std::unique_ptr<Source>> OpenReplay(const ReplayOptions& options);

// Renames the file with the load that replays it, so that its rows are never loaded twice:
//
//   FILE ─▶ FILE.replaying-<its load and table>, before the commit ─▶ FILE.replayed
//
// After a crash in between, the next replay of FILE asks the store which of the two it is. A store
// that cannot tell makes it an error that says what to look for. Another store, or table, is not
// asked: a replay into it is refused. The file is held all the while: a
// second replay of it beside a live one is refused.
class ReplayMark final : public LoadCompanion {
 public:
  // To be called before the file is read and before the store is asked about earlier loads. A
  // conflict: another process replays the file. Configuration: an earlier replay may have loaded
  // its rows into another place.
  static Result<std::unique_ptr<ReplayMark>> Make(std::string path, ReplayPlace place);

  // Before the file is opened: the path under which it lies now, FILE or FILE.replaying-...
  static Result<std::string> Find(const std::string& path);

  Status OnRecovered(const Recovered& recovered) override;
  Status BeforeCommit() override;
  bool must_be_remembered() const override { return true; }
  Status AfterCommit() override;
  Status OnAbort() override;

 private:
  ReplayMark(std::string path, ReplayPlace place, std::string found, HeldFile file)
      : path_(std::move(path)),
        place_(std::move(place)),
        found_(std::move(found)),
        file_(std::move(file)) {}

  const std::string path_;
  const ReplayPlace place_;
  const std::string found_;  // Find's answer
  HeldFile file_;
  std::string marked_;  // the file's name from BeforeCommit on
};

}  // namespace ampload::pipeline
