// The one error world: arrow::Status and arrow::Result, with one detail that says what kind of
// failure it is.
//
// A message says where (loader, table, column, row, block range), what, and what to do next; values
// last. Messages are translated once, at the store's border, from codes (errno, SQLSTATE, HTTP
// status), never from substrings. Everything here is pure and safe from any thread.
#pragma once

#include <arrow/result.h>
#include <arrow/status.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace ampload {

using arrow::Result;
using arrow::Status;

enum class FailureKind {
  kTransient,       // may pass by itself: the engine tries again
  kPermanent,       // will not pass by itself: a full disk, missing rights, a damaged file
  kConflict,        // another writer holds or changed what we wanted
  kUnknownOutcome,  // a commit was sent and no answer came: ask the store
  kConfiguration,   // the command, an option or the config file is wrong
  kData,            // the rows or their schema cannot be stored as they are
};

std::string_view ToString(FailureKind kind);

// Rides on arrow::Status. `store_code` is the store's own code (errno name, SQLSTATE, HTTP status)
// or empty. `row` is the bad row's index in the batch at hand, where one row alone is to blame: a
// load that may set bad rows aside takes that row out and goes on.
class FailureDetail : public arrow::StatusDetail {
 public:
  explicit FailureDetail(FailureKind kind, std::string store_code = {},
                         std::optional<int64_t> row = std::nullopt)
      : kind_(kind), store_code_(std::move(store_code)), row_(row) {}

  const char* type_id() const override;
  std::string ToString() const override;
  FailureKind kind() const { return kind_; }
  const std::string& store_code() const { return store_code_; }
  std::optional<int64_t> row() const { return row_; }

 private:
  FailureKind kind_;
  std::string store_code_;
  std::optional<int64_t> row_;
};

Status MakeFailure(FailureKind kind, std::string message, std::string store_code = {});

Status TransientError(std::string message, std::string store_code = {});
Status PermanentError(std::string message, std::string store_code = {});
Status ConflictError(std::string message, std::string store_code = {});
Status ConfigurationError(std::string message);
Status DataError(std::string message);
// A data error that one row alone is to blame for: its index in the batch at hand.
Status BadRowError(int64_t row, std::string message);

// The kind of a failed status. Without a detail of ours: Cancelled and IOError are kPermanent,
// Invalid, TypeError and the like are kData, everything else kPermanent.
FailureKind KindOf(const Status& status);

// The store's own code, or empty.
std::string StoreCodeOf(const Status& status);

// The row of a BadRowError; nullopt for every other status.
std::optional<int64_t> BadRowOf(const Status& status);

// "`where`: message", with kind, code and StatusCode kept. OK stays OK.
Status WithContext(const Status& status, std::string_view where);

// What a person is shown: the message, without Arrow's code prefix and without file:line context.
std::string MessageOf(const Status& status);

}  // namespace ampload
