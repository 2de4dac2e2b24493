#include "source/input/s3_library.h"

#include <arrow/config.h>
#include <arrow/filesystem/filesystem.h>
#include <arrow/util/config.h>
#include <dlfcn.h>
#include <fmt/format.h>

#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <string>

namespace ampload::source {
namespace {

// The folder that the process has libarrow from.
std::filesystem::path ArrowFolder() {
  Dl_info info = {};
  if (::dladdr(reinterpret_cast<const void*>(&arrow::GetBuildInfo), &info) == 0 ||
      info.dli_fname == nullptr) {
    return {};
  }
  return std::filesystem::path(info.dli_fname).parent_path();
}

Status Load() {
  const auto library = ArrowFolder() / ("libarrow_s3.so." ARROW_SO_VERSION);
  std::error_code error;
  if (!std::filesystem::exists(library, error)) {
    return ConfigurationError(fmt::format(
        "source: s3:// needs Arrow's S3 library, which is missing; install ampload again, or put "
        "it there: path={}",
        library.string()));
  }
  if (const Status loaded = arrow::fs::LoadFileSystemFactories(library.c_str()); !loaded.ok()) {
    return ConfigurationError(
        fmt::format("source: Arrow's S3 library cannot be loaded: {}: path={}", MessageOf(loaded),
                    library.string()));
  }
  return Status::OK();
}

// Never destroyed: calls may end behind everything else.
struct CallsUnderWay {
  std::mutex mutex;
  std::condition_variable none;
  int count = 0;
};
CallsUnderWay& Calls() {
  static auto* const calls = new CallsUnderWay();
  return *calls;
}

constexpr std::chrono::seconds kLastWait(4);  // S3's own limit for a silent server is 3

void ShutDown(int exit_status, void* /*unused*/) {
  auto& calls = Calls();
  std::unique_lock lock(calls.mutex);
  if (!calls.none.wait_for(lock, kLastWait, [&calls] { return calls.count == 0; })) {
    // To destroy what that call works with would be a crash.
    std::fflush(nullptr);
    ::_exit(exit_status);
  }
  lock.unlock();
  arrow::fs::EnsureFinalized();
}

}  // namespace

S3Call::S3Call() {
  const std::lock_guard lock(Calls().mutex);
  ++Calls().count;
}

S3Call::~S3Call() {
  const std::lock_guard lock(Calls().mutex);
  if (--Calls().count == 0) Calls().none.notify_all();
}

Status LoadS3Library() {
  static const Status loaded = Load();
  return loaded;
}

void ShutDownS3AtExit() {
  // What is registered last runs first; S3's statics come to be with the first file system. Where
  // there is no memory left for it, S3 says so itself at the end.
  [[maybe_unused]] const int registered = ::on_exit(ShutDown, nullptr);
}

}  // namespace ampload::source
