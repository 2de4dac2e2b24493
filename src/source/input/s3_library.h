// Arrow's S3 library, which is loaded when the first s3:// path is seen.
#pragma once

#include "ampload/status.h"

namespace ampload::source {

// Loads libarrow_s3 from beside libarrow; once a process, safe from any thread. Configuration
// error: it is not there.
Status LoadS3Library();

// To be called after each start of a file system: at the process's end S3 is then shut down before
// its own statics are destroyed. Calls that are still under way, of a load that was interrupted,
// are waited for a few seconds; where a server keeps one longer, the process ends there and then,
// with its exit status and its output written, but without the rest of its exit handlers.
void ShutDownS3AtExit();

// Stands for a call into S3 while it lives.
class S3Call {
 public:
  S3Call();
  ~S3Call();
  S3Call(const S3Call&) = delete;
  S3Call& operator=(const S3Call&) = delete;
};

}  // namespace ampload::source
