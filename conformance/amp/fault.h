// What a server does wrong, and when.
#pragma once

#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ampload/status.h"

namespace ampload::conformance {

enum class FaultKind {
  // The connection.
  kDisconnect,
  kStall,
  kEnd,
  // Metadata that cannot be read.
  kNoMetadata,
  kNotJson,
  kDeepJson,
  kMissingFields,
  kWrongTypes,
  // Metadata that breaks a rule.
  kTwoRanges,
  kOtherNetwork,
  kStartAfterEnd,
  kNoPrevHash,
  kWrongPrevHash,
  kGap,
  kNeverComplete,
  kRowsWithoutRanges,
  // The answer to a query, before any stream.
  kRefuse,
  kNoAnswer,
  // The sequence.
  kNothingYet,
  kRepeat,
  kCursorIgnored,
  kCursorBehind,
};

struct FaultName {
  FaultKind kind;
  const char* name;     // "not-json"
  const char* meaning;  // for a person
};

// Every kind, once.
std::span<const FaultName> FaultNames();

struct Fault {
  FaultKind kind = FaultKind::kDisconnect;
  uint64_t at = 1;  // what it happens to, from 1: a connection's message, or a query, or a resume
  bool each_time = false;  // on every connection; else only on the first that gets there
};

// "not-json@3"; "disconnect@5*" is for each time. A configuration error names the nearest kind.
Result<Fault> ParseFault(std::string_view text);

// The faults that a server still has before it. Shared by its connections, under its lock.
class FaultPlan {
 public:
  // Which faults have happened on one connection.
  using Done = std::set<size_t>;

  explicit FaultPlan(std::vector<Fault> faults = {}) : faults_(std::move(faults)) {}

  // Whether a fault of that kind is to happen now, to the connection's message of that number.
  bool Take(FaultKind kind, uint64_t message, Done& done);

 private:
  std::vector<Fault> faults_;
  Done spent_;
};

}  // namespace ampload::conformance
