#include "source/input/open_input.h"

#include <utility>

#include "source/input/raw_input.h"

namespace ampload::source {

Result<std::shared_ptr<InputFile>> OpenInput(const FoundInput& found, const InputOptions& options) {
  if (found.bucket == nullptr) return OpenInput(found.path, options);
  if (found.object.bytes == 0) {
    return PermanentError("source: empty object: path=" + found.path);
  }
  return MakeInputFile(found.bucket->OpenObject(found.object, options.pool), options.pool);
}

Result<std::shared_ptr<InputFile>> OpenInput(const std::string& path, const InputOptions& options) {
  std::unique_ptr<RawInput> raw;
  if (path == kStandardInput) {
    raw = MakeDescriptorInput(options.standard_input, path, options.context, options.pool);
  } else {
    ARROW_ASSIGN_OR_RAISE(raw, OpenLocalFile(path, options.pool));
  }
  return MakeInputFile(std::move(raw), options.pool);
}

}  // namespace ampload::source
