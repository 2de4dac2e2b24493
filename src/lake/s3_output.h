// New objects of S3, written piece by piece, and reading parts of an object.
#pragma once

#include <arrow/io/interfaces.h>

#include <memory>
#include <string>

#include "ampload/call_context.h"
#include "lake/object_store.h"
#include "lake/s3_client.h"

namespace ampload::lake {

// A small object is one put at Close, a larger one goes in parts, one of which is under way while
// the next is filled: at most two are in memory. `context`: its stop token ends every later call as
// well, its deadline does not.
std::unique_ptr<ObjectOutput> OpenS3Output(std::shared_ptr<S3Client> client, std::string key,
                                           const CallContext& context);

// Asks for the object's size. A permanent failure with the code "ENOENT" where there is none. Reads
// are safe from several threads at once.
Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenS3File(std::shared_ptr<S3Client> client,
                                                                std::string key,
                                                                const CallContext& context);

}  // namespace ampload::lake
