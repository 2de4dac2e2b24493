// One input by the name that the user gave it.
#pragma once

#include <arrow/memory_pool.h>

#include <memory>
#include <string>

#include "ampload/status.h"
#include "source/input/found_input.h"
#include "source/input/input_file.h"
#include "source/input/read_context.h"

namespace ampload::source {

inline constexpr char kStandardInput[] = "-";

struct InputOptions {
  arrow::MemoryPool* pool = arrow::default_memory_pool();
  std::shared_ptr<ReadContext> context = std::make_shared<ReadContext>();  // what waits are under
  int standard_input = 0;  // the descriptor that "-" stands for
};

// Permanent error: empty, unreadable; on S3 also what S3Bucket says.
Result<std::shared_ptr<InputFile>> OpenInput(const FoundInput& found, const InputOptions& options);

// A path of a local file, or "-".
Result<std::shared_ptr<InputFile>> OpenInput(const std::string& path, const InputOptions& options);

}  // namespace ampload::source
