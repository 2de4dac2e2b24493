// The command `ampload`.
#include <arrow/memory_pool.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string>

#include "ampload/registry.h"
#include "cli/command_line.h"
#include "cli/console.h"
#include "cli/plugin_folders.h"
#include "source/amp/call_thread.h"

namespace {

// A program that is started without standard input, output or error would get a data file as one of
// them.
void OpenStandardDescriptors() {
  int opened = 0;
  do {
    opened = ::open("/dev/null", O_RDWR);
  } while (opened >= 0 && opened <= STDERR_FILENO);
  if (opened > STDERR_FILENO) ::close(opened);
}

// Arrow's buffers: jemalloc, where this Arrow has it, grows them in place and soon gives back what
// is free; a sanitizer must see each of them.
void ChooseAllocator() {
#if defined(__SANITIZE_ADDRESS__)
  const std::string backend = "system";
#else
  const std::string backend = "jemalloc";
#endif
  const auto backends = arrow::SupportedMemoryBackendNames();
  if (std::find(backends.begin(), backends.end(), backend) == backends.end()) return;
  setenv("ARROW_DEFAULT_MEMORY_POOL", backend.c_str(), /*overwrite=*/0);
}

}  // namespace

int main(int argc, char** argv) {
  OpenStandardDescriptors();
  ChooseAllocator();
  // gRPC's own lines on stderr: what matters of them is in our errors.
  setenv("GRPC_VERBOSITY", "NONE", /*overwrite=*/0);
  ampload::cli::Console console = ampload::cli::ProcessConsole();
  auto registry = ampload::LoaderRegistry::BuiltIn();
  registry.LoadPlugins(ampload::cli::PluginFolders(console, ampload::cli::ExecutablePath()));
  const int status = ampload::cli::RunCommandLine(argc, argv, registry, console);
  if (ampload::source::calls_made) {
    // A call that could not be interrupted may still run, and would meet what is destroyed at exit.
    console.out.flush();
    console.err.flush();
    std::_Exit(status);
  }
  return status;
}
