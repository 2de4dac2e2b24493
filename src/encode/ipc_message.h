// The Arrow IPC message of one row, a record batch of length 1, whose metadata is the same for
// every row of a schema but for the numbers in it.
//
//   FF FF FF FF | size of the metadata, int32 | metadata, a flatbuffer | body
//
// The flatbuffer is written here by hand, after Message.fbs of the Arrow format
// (https://arrow.apache.org/docs/format/Columnar.html#recordbatch-message):
//
//     Message{version V5, header RecordBatch, bodyLength}
//     RecordBatch{length 1, nodes, buffers, variadicBufferCounts}
//     nodes     FieldNode{length, null count}, 16 bytes each    patched for each row
//     buffers   Buffer{offset in the body, length}, 16 bytes each    patched for each row
//
// All little-endian, as the format is.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>

namespace ampload::encode {

// What a schema's columns have, nested ones included: counted while its columns are made.
struct IpcShape {
  int64_t nodes = 0;
  int64_t buffers = 0;
  int64_t views = 0;  // string and binary views: each has one buffer of long values
};

class IpcMessage {
 public:
  explicit IpcMessage(const IpcShape& shape);

  // Up to the body, with zeros where a row's numbers belong. A multiple of 8.
  const std::string& head() const { return head_; }
  // Places in it.
  int64_t body_length_at() const { return kPrefix + kBodyLength; }
  int64_t nodes_at() const { return kPrefix + kNodes; }
  int64_t buffers_at() const { return buffers_at_; }

 private:
  static constexpr int64_t kPrefix = 8;
  static constexpr int64_t kBodyLength = 24;
  static constexpr int64_t kNodes = 88;

  template <class T>
  void Put(int64_t at, T value) {
    std::memcpy(head_.data() + kPrefix + at, &value, sizeof(value));
  }

  std::string head_;
  int64_t buffers_at_ = 0;
};

}  // namespace ampload::encode
