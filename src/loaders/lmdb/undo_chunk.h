// The bytes of the undo log's records: one after the other, in the order of writing.
//
//   kind (1 byte) | key length (2, big-endian) | key
//     [previous length (4) | previous]     kinds 01, 03, 05: the row that stood there
//     [change length (4) | change]         kinds 02, 03: the columns that were set, as a row
//
//   kind   the key was not there   it had a row
//          00                      01             written whole
//          02                      03             some columns were set, the others kept
//          04                      05             deleted
//
// Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ampload/status.h"
#include "stream/undo_records.h"

namespace ampload::lmdb {

// Views into the caller's bytes.
struct UndoNote {
  stream::WriteKind kind = stream::WriteKind::kReplaced;
  std::string_view key;
  std::optional<std::string_view> previous;
  std::string_view change;  // kChanged only

  // The key was new: no other batch's record of it can matter.
  bool is_insertion() const {
    return kind == stream::WriteKind::kReplaced && !previous.has_value();
  }
};

// Fails on a key over 65,535 bytes or a row over 4 GiB; `chunk` is unchanged then.
Status AppendNote(const UndoNote& note, std::string& chunk);

// Splits a chunk; refuses one with an unknown kind or lengths that do not add up.
Result<std::vector<UndoNote>> ParseChunk(std::string_view chunk);

// Big-endian.
void PutNumber(std::string& out, uint64_t number, int bytes);
uint64_t GetNumber(std::string_view bytes);

}  // namespace ampload::lmdb
