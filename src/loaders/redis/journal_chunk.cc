#include "loaders/redis/journal_chunk.h"

#include <utility>

namespace ampload::redis {
namespace {

constexpr std::string_view kMagic = "J1";
constexpr char kNew = 0;
constexpr char kReplaced = 1;
constexpr size_t kExpiryBytes = 8;

void PutExpiry(int64_t expires_at, std::string* bytes) {
  auto bits = static_cast<uint64_t>(expires_at);
  for (size_t i = 0; i < kExpiryBytes; ++i, bits >>= 8) *bytes += static_cast<char>(bits & 0xff);
}

int64_t ExpiryOf(std::string_view bytes) {
  uint64_t bits = 0;
  for (size_t i = kExpiryBytes; i-- > 0;) bits = bits << 8 | static_cast<unsigned char>(bytes[i]);
  return static_cast<int64_t>(bits);
}

// Takes from the front; empty results and `damaged` where there is not enough.
struct Cursor {
  std::string_view rest;
  bool damaged = false;

  std::string_view Bytes(size_t count) {
    if (count > rest.size()) {
      damaged = true;
      return {};
    }
    const auto taken = rest.substr(0, count);
    rest.remove_prefix(count);
    return taken;
  }
  std::string_view Text() {
    uint64_t length = 0;
    for (unsigned shift = 0; shift < 63; shift += 7) {
      const auto byte = Bytes(1);
      if (damaged) return {};
      const auto bits = static_cast<unsigned char>(byte[0]);
      length |= static_cast<uint64_t>(bits & 0x7fU) << shift;
      if ((bits & 0x80U) == 0) return Bytes(length);
    }
    damaged = true;
    return {};
  }
};

}  // namespace

void ChunkWriter::Text(std::string_view text) {
  uint64_t length = text.size();
  for (; length >= 0x80; length >>= 7) bytes_ += static_cast<char>((length & 0x7fU) | 0x80U);
  bytes_ += static_cast<char>(length);
  bytes_ += text;
}

void ChunkWriter::AddNew(std::string_view key) {
  if (bytes_.empty()) bytes_ = kMagic;
  bytes_ += kNew;
  Text(key);
  ++entries_;
}

void ChunkWriter::AddReplaced(std::string_view key, const Image& before) {
  if (bytes_.empty()) bytes_ = kMagic;
  bytes_ += kReplaced;
  Text(key);
  PutExpiry(before.expires_at, &bytes_);
  Text(before.dump);
  ++entries_;
}

void ChunkWriter::Add(const JournalEntry& entry) {
  if (entry.before.has_value()) {
    AddReplaced(entry.key, *entry.before);
  } else {
    AddNew(entry.key);
  }
}

std::string ChunkWriter::Take() {
  entries_ = 0;
  return std::exchange(bytes_, {});
}

Result<std::vector<JournalEntry>> ReadChunk(std::string_view chunk) {
  std::vector<JournalEntry> entries;
  Cursor cursor{chunk};
  cursor.damaged = cursor.Bytes(kMagic.size()) != kMagic;
  while (!cursor.damaged && !cursor.rest.empty()) {
    const char kind = cursor.Bytes(1)[0];
    JournalEntry entry;
    entry.key = cursor.Text();
    if (kind == kReplaced) {
      const auto expiry = cursor.Bytes(kExpiryBytes);
      if (cursor.damaged) break;
      Image before{ExpiryOf(expiry), cursor.Text()};
      entry.before = before;
    } else if (kind != kNew) {
      cursor.damaged = true;
    }
    if (!cursor.damaged) entries.push_back(entry);
  }
  if (!cursor.damaged) return entries;
  return PermanentError(
      "redis: a record of how to take rows back is damaged, or a newer ampload wrote it; nothing "
      "was changed by it: length=" +
      std::to_string(chunk.size()));
}

std::string ToText(const Image& image) {
  std::string text;
  PutExpiry(image.expires_at, &text);
  text += image.dump;
  return text;
}

Image ImageOf(std::string_view text) { return {ExpiryOf(text), text.substr(kExpiryBytes)}; }

}  // namespace ampload::redis
