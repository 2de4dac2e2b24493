#include "encode/ipc_message.h"

namespace ampload::encode {

IpcMessage::IpcMessage(const IpcShape& shape) {
  // Vectors are a count of 4 bytes and their items, which begin at a multiple of 8.
  const int64_t buffers = kNodes + 16 * shape.nodes + 8;
  const int64_t counts = buffers + 16 * shape.buffers + 8;
  const int64_t size = counts + 8 * shape.views;
  head_.assign(static_cast<size_t>(kPrefix + size), '\0');
  buffers_at_ = kPrefix + buffers;
  Put<uint32_t>(-8, 0xffffffff);
  Put<int32_t>(-4, static_cast<int32_t>(size));

  constexpr int64_t kMessage = 16, kBatch = 56;
  Put<uint32_t>(0, kMessage);  // the root table

  // Message's field places: version, header's type, header, body length.
  Put<uint16_t>(4, 12);
  Put<uint16_t>(6, 20);
  Put<uint16_t>(8, 16);
  Put<uint16_t>(10, 18);
  Put<uint16_t>(12, 4);
  Put<uint16_t>(14, kBodyLength - kMessage);
  Put<int32_t>(kMessage, kMessage - 4);  // back to them
  Put<uint32_t>(kMessage + 4, kBatch - (kMessage + 4));
  Put<int16_t>(kMessage + 16, 4);  // V5
  Put<uint8_t>(kMessage + 18, 3);  // RecordBatch

  // RecordBatch's: length, nodes, buffers, compression (none), variadic buffer counts.
  Put<uint16_t>(40, 14);
  Put<uint16_t>(42, 24);
  Put<uint16_t>(44, 8);
  Put<uint16_t>(46, 4);
  Put<uint16_t>(48, 16);
  Put<uint16_t>(50, 0);
  Put<uint16_t>(52, shape.views > 0 ? 20 : 0);
  Put<int32_t>(kBatch, kBatch - 40);
  Put<uint32_t>(kBatch + 4, kNodes - 4 - (kBatch + 4));
  Put<int64_t>(kBatch + 8, 1);
  Put<uint32_t>(kBatch + 16, static_cast<uint32_t>(buffers - 4 - (kBatch + 16)));
  Put<uint32_t>(kBatch + 20, static_cast<uint32_t>(counts - 4 - (kBatch + 20)));

  Put<uint32_t>(kNodes - 4, static_cast<uint32_t>(shape.nodes));
  Put<uint32_t>(buffers - 4, static_cast<uint32_t>(shape.buffers));
  Put<uint32_t>(counts - 4, static_cast<uint32_t>(shape.views));
  for (int64_t i = 0; i < shape.views; ++i) Put<int64_t>(counts + 8 * i, 1);
}

}  // namespace ampload::encode
