#include "loaders/deltalake/deletion_vector.h"

#include <array>
#include <bit>
#include <cstring>
#include <utility>

#include "loaders/deltalake/partition_values.h"
#include "loaders/deltalake/roaring.h"

namespace ampload::deltalake {
namespace {

constexpr uint32_t kMagic = 1681511377;     // little-endian
constexpr uint32_t kOldMagic = 1681511376;  // big-endian: the protocol's own example has it
constexpr char kVersion = 1;                // of the file's format
constexpr size_t kUuidChars = 20;
constexpr size_t kUuidBytes = 16;

// Of Z85: https://rfc.zeromq.org/spec/32.
constexpr std::string_view kZ85 =
    "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";

Status Damaged(const std::string& what) {
  return PermanentError("deltalake: the deletion vector is damaged: " + what);
}

constexpr std::array<uint32_t, 256> MakeCrcTable() {
  std::array<uint32_t, 256> table = {};
  for (uint32_t i = 0; i < table.size(); ++i) {
    uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) {
      value = (value & 1U) != 0 ? 0xEDB88320U ^ (value >> 1) : value >> 1;
    }
    table[i] = value;
  }
  return table;
}
constexpr auto kCrcTable = MakeCrcTable();

uint32_t Crc32(std::string_view bytes) {
  uint32_t crc = 0xFFFFFFFFU;
  for (const char c : bytes) {
    crc = kCrcTable[(crc ^ static_cast<uint8_t>(c)) & 0xFFU] ^ (crc >> 8);
  }
  return ~crc;
}

uint32_t BigEndian(std::string_view bytes) {
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<uint8_t>(bytes[i]);
  return value;
}

// "<random prefix><uuid in Z85>" as the file's path.
Result<std::string> RelativePath(const std::string& text) {
  if (text.size() < kUuidChars) return Damaged("its file's name is too short");
  const auto prefix = text.substr(0, text.size() - kUuidChars);
  ARROW_ASSIGN_OR_RAISE(const auto uuid, DecodeZ85(std::string_view(text).substr(prefix.size())));
  constexpr char kDigits[] = "0123456789abcdef";
  std::string name;
  for (size_t i = 0; i < kUuidBytes; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) name += '-';
    name += kDigits[static_cast<uint8_t>(uuid[i]) >> 4];
    name += kDigits[static_cast<uint8_t>(uuid[i]) & 15U];
  }
  const std::string file = "deletion_vector_" + name + ".bin";
  return prefix.empty() ? file : prefix + "/" + file;
}

Result<std::string> PathOf(const DeletionVectorDescriptor& descriptor,
                           const lake::ObjectStore& table) {
  if (descriptor.storage_type == "u") return RelativePath(descriptor.path_or_inline);
  if (descriptor.storage_type != "p") {
    return Damaged("it is of an unknown kind: storageType=" + descriptor.storage_type);
  }
  ARROW_ASSIGN_OR_RAISE(auto path, DecodePath(descriptor.path_or_inline));
  for (const std::string_view scheme : {"file://", "file:"}) {
    if (path.starts_with(scheme)) path.erase(0, scheme.size());
  }
  const std::string root = table.root() + "/";
  if (path.starts_with(root)) return path.substr(root.size());
  return PermanentError(
      "deltalake: a deletion vector lies outside of the table's folder, which is not read: path=" +
      path);
}

// The vector's bytes within a file: size, data, checksum.
Result<std::string> BytesInFile(const DeletionVectorDescriptor& descriptor,
                                lake::ObjectStore& table, const CallContext& context) {
  ARROW_ASSIGN_OR_RAISE(const auto path, PathOf(descriptor, table));
  const std::string where = " file=" + path;
  ARROW_ASSIGN_OR_RAISE(const auto file, table.Read(path, context));
  if (file == nullptr) {
    return PermanentError("deltalake: the deletion vector's file is missing:" + where);
  }
  const auto bytes = std::string_view(*file);
  if (bytes.empty() || bytes[0] != kVersion)
    return Damaged("its file is of another format:" + where);
  const auto begin = static_cast<size_t>(descriptor.offset.value_or(1));
  const auto size = static_cast<size_t>(descriptor.size_in_bytes);
  if (descriptor.offset.value_or(1) < 1 || descriptor.size_in_bytes < 0 ||
      begin + size + 8 > bytes.size()) {
    return Damaged("its file ends too early:" + where);
  }
  if (BigEndian(bytes.substr(begin, 4)) != size) return Damaged("its size is another:" + where);
  const auto data = bytes.substr(begin + 4, size);
  if (BigEndian(bytes.substr(begin + 4 + size, 4)) != Crc32(data)) {
    return Damaged("its checksum is another:" + where);
  }
  return std::string(data);
}

}  // namespace

Result<std::string> DecodeZ85(std::string_view text) {
  if (text.size() % 5 != 0) return Damaged("its Base85 text has a wrong length");
  std::string out;
  out.reserve(text.size() / 5 * 4);
  for (size_t at = 0; at < text.size(); at += 5) {
    uint64_t value = 0;
    for (const char c : text.substr(at, 5)) {
      const auto digit = kZ85.find(c);
      if (digit == std::string_view::npos) return Damaged("its Base85 text has a wrong character");
      value = value * 85 + digit;
    }
    if (value > 0xFFFFFFFFU) return Damaged("its Base85 text has a number that is too large");
    for (int shift = 24; shift >= 0; shift -= 8) {
      out += static_cast<char>(value >> shift & 0xFFU);
    }
  }
  return out;
}

Result<std::vector<int64_t>> RowsOfBitmapArray(std::string_view bytes) {
  uint32_t magic = 0;
  static_assert(std::endian::native == std::endian::little);
  if (bytes.size() < sizeof(magic)) return Damaged("it is too short");
  std::memcpy(&magic, bytes.data(), sizeof(magic));
  if (BigEndian(bytes.substr(0, 4)) == kOldMagic) return ValuesOfBitmapList(bytes.substr(4));
  if (magic != kMagic) {
    return Damaged("its format is not known: magic number=" + std::to_string(magic));
  }
  return ValuesOfBitmap(bytes.substr(sizeof(magic)));
}

Result<std::vector<int64_t>> ReadDeletionVector(const DeletionVectorDescriptor& descriptor,
                                                lake::ObjectStore& table,
                                                const CallContext& context) {
  std::string bytes;
  if (descriptor.storage_type == "i") {
    ARROW_ASSIGN_OR_RAISE(bytes, DecodeZ85(descriptor.path_or_inline));
    // The text stands for a multiple of four bytes.
    if (descriptor.size_in_bytes < 0 ||
        bytes.size() < static_cast<size_t>(descriptor.size_in_bytes)) {
      return Damaged("it is shorter than it says");
    }
    bytes.resize(static_cast<size_t>(descriptor.size_in_bytes));
  } else {
    ARROW_ASSIGN_OR_RAISE(bytes, BytesInFile(descriptor, table, context));
  }
  ARROW_ASSIGN_OR_RAISE(auto rows, RowsOfBitmapArray(bytes));
  if (std::cmp_not_equal(rows.size(), descriptor.cardinality)) {
    return Damaged("it has another number of rows than the log says: rows=" +
                   std::to_string(rows.size()) + " said=" + std::to_string(descriptor.cardinality));
  }
  return rows;
}

}  // namespace ampload::deltalake
