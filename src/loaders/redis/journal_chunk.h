// What is noted of some rows before they are written: how to take them back. A chunk is one element
// of a list on the server.
//
//   'J' '1'                                             then, for each row, in the order of writing
//   00 | length | key                                   there was nothing under the key
//   01 | length | key | expires (8) | length | dump     DUMP's answer for what was there, and when
//                                                       that expires: ms since 1970, little-endian;
//                                                       -1: never
//
// Lengths are LEB128. For a set or a sorted set the key is the member. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ampload/status.h"

namespace ampload::redis {

// What stood under a key.
struct Image {
  int64_t expires_at = -1;  // ms since 1970; -1: never
  std::string_view dump;    // as DUMP gave it: RESTORE takes it
};

struct JournalEntry {
  std::string_view key;
  std::optional<Image> before;  // none: the key was new
};

class ChunkWriter {
 public:
  void AddNew(std::string_view key);
  void AddReplaced(std::string_view key, const Image& before);
  void Add(const JournalEntry& entry);
  bool empty() const { return entries_ == 0; }
  std::string Take();  // the chunk; the writer begins anew

 private:
  void Text(std::string_view text);

  std::string bytes_;
  int64_t entries_ = 0;
};

// Views into `chunk`. A permanent failure for damaged bytes.
Result<std::vector<JournalEntry>> ReadChunk(std::string_view chunk);

// An image as one text, which UndoRecord keeps.
std::string ToText(const Image& image);
Image ImageOf(std::string_view text);

}  // namespace ampload::redis
