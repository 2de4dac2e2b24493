// A batch as an Arrow IPC stream in a file, for Python to read.
#pragma once

#include <arrow/io/file.h>
#include <arrow/ipc/writer.h>

#include <string>

#include "ampload/status.h"

namespace ampload {

inline Status SaveArrowStream(const arrow::RecordBatch& batch, const std::string& path) {
  ARROW_ASSIGN_OR_RAISE(auto file, arrow::io::FileOutputStream::Open(path));
  ARROW_ASSIGN_OR_RAISE(auto stream, arrow::ipc::MakeStreamWriter(file, batch.schema()));
  ARROW_RETURN_NOT_OK(stream->WriteRecordBatch(batch));
  ARROW_RETURN_NOT_OK(stream->Close());
  return file->Close();
}

}  // namespace ampload
