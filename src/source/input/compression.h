// gzip and zstd, told by their first bytes and read as a stream.
#pragma once

#include <arrow/io/interfaces.h>
#include <arrow/memory_pool.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "ampload/status.h"
#include "source/input/input_file.h"

namespace ampload::source {

inline constexpr int64_t kCompressionMagic = 4;  // so many bytes DetectCompression wants to see

// `head`: the first bytes, fewer than kCompressionMagic only where there are no more. A permanent
// error for an input that ends inside of such a magic number.
Result<Compression> DetectCompression(std::string_view head, const std::string& path);

std::string_view ToString(Compression compression);

// The bytes inside. Several gzip members or zstd frames one after the other are read whole. The end
// is an end only behind a finished member: an input that is cut inside of one, or is damaged, or
// goes on with anything else is a permanent error that names `path`; gzip's and zstd's own
// checksums are verified. Owns `compressed`.
Result<std::shared_ptr<arrow::io::InputStream>> Decompressed(
    std::shared_ptr<arrow::io::InputStream> compressed, Compression compression, std::string path,
    arrow::MemoryPool* pool);

}  // namespace ampload::source
