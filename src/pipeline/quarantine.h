// The rows that one load sets aside, from the moment when they are found to the commit that they
// belong to.
//
//   found ─▶ memory ─▶ FILE.open, durable, before the commit ─▶ FILE, after it
//                            ╰─ the load fails: removed
//
// After a crash the next load of the table with the same folder settles an .open file by the
// store's own word: where its load was committed, the file gets its name; where it was not, its
// rows were taken back with the load's, and it is removed; where the store cannot tell, it stays.
// The file of a live load is held and left alone.
// No file is ever written over: a load whose FILE or FILE.open is there after that is refused.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/load_companion.h"
#include "pipeline/quarantine_file.h"

namespace ampload::pipeline {

struct QuarantineOptions {
  std::string path;         // the file
  std::string target = {};  // QuarantineHeader::target; tables of one name in two stores are two
  std::string table;
  int64_t max_rows = 100;
  std::string text;  // QuarantineHeader::text
};

class Quarantine final : public BadRowSink, public LoadCompanion {
 public:
  // A file that is there is a configuration error. To be called before the store is asked about
  // earlier loads: what it says counts for loads that had ended by then.
  static Result<std::unique_ptr<Quarantine>> Make(QuarantineOptions options,
                                                  std::shared_ptr<arrow::Schema> source_schema);

  // "<folder>/<table>-20260102T030405Z-1f2e.arrow"
  static std::string NewPath(const std::string& folder, const std::string& table);

  Status Add(BadRow row) override;
  std::string Reasons() const override;

  Status OnRecovered(const Recovered& recovered) override;
  Status BeforeCommit() override;
  bool must_be_remembered() const override { return count() > 0; }
  Status AfterCommit() override;
  Status OnAbort() override;

  const std::string& path() const { return options_.path; }
  int64_t count() const;

 private:
  Quarantine(QuarantineOptions options, std::shared_ptr<arrow::Schema> source_schema);
  std::string open_path() const { return options_.path + ".open"; }
  Status CheckNamesAreFree() const;

  // The .open file of a load of this table that has ended.
  struct Left {
    std::string path;
    std::string load_id;
    HeldFile file;
  };
  Status Settle(const Left& left, const Recovered& recovered) const;
  void FindLeft();

  const QuarantineOptions options_;
  mutable std::mutex mutex_;
  QuarantineContents contents_;
  std::vector<Left> left_;        // from Make to OnRecovered
  std::optional<HeldFile> file_;  // ours, while it is .open
};

}  // namespace ampload::pipeline
