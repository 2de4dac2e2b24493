// msgpack at the end of a string that grows.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "encode/msgpack_bytes.h"

namespace ampload::encode {

// Calls put(at), which writes at most `most` bytes and returns the end.
template <class Put>
void AppendPut(std::string* out, size_t most, Put&& put) {
  const size_t before = out->size();
  out->resize(before + most);
  auto* at = reinterpret_cast<uint8_t*>(out->data()) + before;
  out->resize(before + static_cast<size_t>(put(at) - at));
}

template <msgpack::Span kSpan>
void AppendSpan(std::string* out, std::string_view bytes) {
  AppendPut(out, 5, [&](uint8_t* at) {
    return msgpack::PutSpanHeader<kSpan>(at, static_cast<int64_t>(bytes.size()));
  });
  out->append(bytes);
}

template <msgpack::Group kGroup>
void AppendGroup(std::string* out, size_t count) {
  AppendPut(out, 5, [&](uint8_t* at) {
    return msgpack::PutGroupHeader<kGroup>(at, static_cast<int64_t>(count));
  });
}

}  // namespace ampload::encode
