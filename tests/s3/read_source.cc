// Reads what a load would read, for tests that judge sources from outside.
//
//   read_source [--where W] [--columns a,b] [--format F] [--stop-after MS] PATH...
//
// Standard output: the rows as one Arrow IPC stream. A failure: exit status 1, and one line on
// standard error, "kind|code|message".
#include <arrow/io/stdio.h>
#include <arrow/ipc/writer.h>

#include <chrono>
#include <iostream>
#include <stop_token>
#include <string>
#include <thread>

#include "source/file/file_source.h"

namespace {

using namespace ampload;

Status Copy(const source::FileSourceOptions& options) {
  ARROW_ASSIGN_OR_RAISE(const auto source, source::OpenFileSource(options));
  arrow::io::StdoutStream out;
  ARROW_ASSIGN_OR_RAISE(const auto writer, arrow::ipc::MakeStreamWriter(&out, source->schema()));
  for (;;) {
    ARROW_ASSIGN_OR_RAISE(const auto next, source->Next(options.context));
    if (!next.has_value()) break;
    ARROW_RETURN_NOT_OK(writer->WriteRecordBatch(*next->batch));
  }
  ARROW_RETURN_NOT_OK(writer->Close());
  return out.Flush();
}

Status Run(int argc, char** argv) {
  source::FileSourceOptions options;
  std::jthread stopper;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (!argument.starts_with("--")) {
      options.paths.push_back(argument);
      continue;
    }
    const std::string value = i + 1 < argc ? argv[++i] : "";
    if (argument == "--where") options.where = value;
    if (argument == "--columns") options.columns.push_back(value);
    if (argument == "--format") {
      ARROW_ASSIGN_OR_RAISE(options.format, source::ParseFormat(value));
    }
    if (argument == "--stop-after") {
      std::stop_source stop;
      options.context.stop = stop.get_token();
      stopper = std::jthread([stop, wait = std::stoi(value)]() mutable {
        std::this_thread::sleep_for(std::chrono::milliseconds(wait));
        stop.request_stop();
      });
    }
  }
  return Copy(options);
}

}  // namespace

int main(int argc, char** argv) {
  const Status status = Run(argc, argv);
  if (status.ok()) return 0;
  std::cerr << ToString(KindOf(status)) << "|" << StoreCodeOf(status) << "|"
            << (status.IsCancelled() ? "cancelled: " : "") << MessageOf(status) << std::endl;
  return 1;
}
