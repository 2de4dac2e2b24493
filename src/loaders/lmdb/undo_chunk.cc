#include "loaders/lmdb/undo_chunk.h"

#include <limits>

namespace ampload::lmdb {
namespace {

using stream::WriteKind;

constexpr unsigned char kHasPrevious = 1;  // bit 0; the bits above it are the WriteKind

unsigned char KindByte(const UndoNote& note) {
  const unsigned kind = note.kind == WriteKind::kReplaced  ? 0
                        : note.kind == WriteKind::kChanged ? 1
                                                           : 2;
  return static_cast<unsigned char>(kind << 1 | (note.previous.has_value() ? kHasPrevious : 0U));
}

Status Damaged() {
  return PermanentError(
      "lmdb: a chunk of the undo log is damaged; nothing was changed: restore the environment from "
      "a copy: database=__ampload__/undo");
}

}  // namespace

void PutNumber(std::string& out, uint64_t number, int bytes) {
  for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8)
    out.push_back(static_cast<char>(number >> shift & 0xff));
}

uint64_t GetNumber(std::string_view bytes) {
  uint64_t number = 0;
  for (const char c : bytes) number = number << 8 | static_cast<unsigned char>(c);
  return number;
}

Status AppendNote(const UndoNote& note, std::string& chunk) {
  if (note.key.size() > std::numeric_limits<uint16_t>::max()) {
    return DataError("lmdb: a key is too long to be noted: length=" +
                     std::to_string(note.key.size()));
  }
  for (const auto& bytes : {note.previous.value_or(""), note.change}) {
    if (bytes.size() > std::numeric_limits<uint32_t>::max()) {
      return DataError("lmdb: a row over 4 GiB cannot be replaced: length=" +
                       std::to_string(bytes.size()));
    }
  }
  chunk.push_back(static_cast<char>(KindByte(note)));
  PutNumber(chunk, note.key.size(), 2);
  chunk += note.key;
  if (note.previous.has_value()) {
    PutNumber(chunk, note.previous->size(), 4);
    chunk += *note.previous;
  }
  if (note.kind == WriteKind::kChanged) {
    PutNumber(chunk, note.change.size(), 4);
    chunk += note.change;
  }
  return Status::OK();
}

Result<std::vector<UndoNote>> ParseChunk(std::string_view chunk) {
  const auto take = [&](uint64_t n) -> Result<std::string_view> {
    if (chunk.size() < n) return Damaged();
    const auto taken = chunk.substr(0, n);
    chunk.remove_prefix(n);
    return taken;
  };
  const auto take_counted = [&](uint64_t digits) -> Result<std::string_view> {
    ARROW_ASSIGN_OR_RAISE(const auto size, take(digits));
    return take(GetNumber(size));
  };
  std::vector<UndoNote> notes;
  while (!chunk.empty()) {
    ARROW_ASSIGN_OR_RAISE(const auto kind_byte, take(1));
    const auto kind = static_cast<unsigned char>(kind_byte[0]);
    constexpr WriteKind kKinds[] = {WriteKind::kReplaced, WriteKind::kChanged, WriteKind::kDeleted};
    if (kind >> 1 >= std::size(kKinds)) return Damaged();
    UndoNote note;
    note.kind = kKinds[kind >> 1];
    ARROW_ASSIGN_OR_RAISE(note.key, take_counted(2));
    if ((kind & kHasPrevious) != 0) {
      ARROW_ASSIGN_OR_RAISE(note.previous, take_counted(4));
    }
    if (note.kind == WriteKind::kChanged) {
      ARROW_ASSIGN_OR_RAISE(note.change, take_counted(4));
    }
    notes.push_back(note);
  }
  return notes;
}

}  // namespace ampload::lmdb
