// The files of a lake table, wherever they lie: a folder of this machine or a prefix of an S3
// bucket. Knows no table format.
//
// Paths are relative to the root, with '/' between their parts, neither empty nor absolute, and not
// percent-encoded. What lies in a folder whose name begins with '_' or '.' is no different here.
//
// Safe from several threads at once. Failures: kTransient where a later try may do, kPermanent with
// the store's code (errno name, HTTP status) elsewhere; a message names the whole path. The stop
// token and the deadline of the context are looked at between the steps of a call.
#pragma once

#include <arrow/buffer.h>
#include <arrow/io/interfaces.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ampload/call_context.h"
#include "ampload/status.h"

namespace ampload::lake {

struct ObjectInfo {
  std::string path;
  int64_t size = 0;
  int64_t modified_ms = 0;  // since the Unix epoch, as the store says it
};

// What became of a PutIfAbsent. kUnknown: the store may or may not have taken it, and could not be
// asked: ask again later what lies there.
enum class PutOutcome { kWritten, kExists, kUnknown };

// When a write counts as done. kPower: it outlives a loss of power (fsync of the file and of its
// folder). kProcess: it outlives the process. S3 knows no difference.
enum class Durability { kPower, kProcess };

// A new file. Close makes it durable and visible under its name; one that is destroyed before that
// leaves nothing there.
class ObjectOutput : public arrow::io::OutputStream {
 public:
  // Instead of Close. May be called after a failure.
  virtual Status Discard() = 0;
  // Of what was written, so much is in memory until it is sent.
  virtual int64_t held_bytes() const { return 0; }
};

class ObjectStore {
 public:
  virtual ~ObjectStore() = default;

  // For people, without secrets: "/data/logs", "s3://bucket/logs".
  virtual const std::string& root() const = 0;

  // May commits be put here? Puts and deletes an object of its own in `folder` to see that
  // PutIfAbsent is honoured; once a process and bucket or file system. A permanent failure says
  // what is wrong: a bucket that ignores If-None-Match would let one commit replace another.
  virtual Status CheckPutIfAbsent(const std::string& folder, const CallContext& context) = 0;

  // Null: there is no such file.
  virtual Result<std::shared_ptr<arrow::Buffer>> Read(const std::string& path,
                                                      const CallContext& context) = 0;
  // For reading parts of a large file. A permanent failure with the code "ENOENT" where there is
  // none.
  virtual Result<std::shared_ptr<arrow::io::RandomAccessFile>> Open(const std::string& path,
                                                                    const CallContext& context) = 0;

  // Writes the file unless there is one of that name: atomic, durable, and seen whole or not at
  // all. Of several who put the same name at once exactly one gets kWritten. `bytes` must differ
  // from those of every other put (a nonce within them): a lost reply is settled by reading back.
  virtual Result<PutOutcome> PutIfAbsent(const std::string& path, std::string_view bytes,
                                         const CallContext& context) = 0;
  // Writes or replaces the file; atomic and durable.
  virtual Status Put(const std::string& path, std::string_view bytes,
                     const CallContext& context) = 0;
  // A new file that is written piece by piece. Its name must be new. Folders are made.
  virtual Result<std::unique_ptr<ObjectOutput>> Create(const std::string& path,
                                                       const CallContext& context) = 0;

  // The files directly in a folder ("" is the root) whose path is greater than `after` (a path; or
  // empty), sorted by path, bytewise. Empty where there is no such folder. Temporary files of our
  // own are not among them.
  virtual Result<std::vector<ObjectInfo>> List(const std::string& folder, const std::string& after,
                                               const CallContext& context) = 0;
  // The names of the folders directly in a folder, sorted.
  virtual Result<std::vector<std::string>> ListFolders(const std::string& folder,
                                                       const CallContext& context) = 0;

  // Deletes files; one that is not there is no failure.
  virtual Status Delete(std::span<const std::string> paths, const CallContext& context) = 0;

  // Deletes the temporary files directly in a folder that writers which were killed left there:
  // those that have not changed since `before_ms`. How many. On S3 there are none; an upload that
  // never ended is for the bucket's own rules to end.
  virtual Result<int64_t> DeleteLeftovers(const std::string& folder, int64_t before_ms,
                                          const CallContext& context) = 0;

  // The same store with another root: a path below this one's.
  virtual Result<std::shared_ptr<ObjectStore>> Below(const std::string& folder) = 0;
};

struct S3Settings {  // an empty text: from the environment, as the AWS tools take it
  std::string region;
  std::string endpoint;  // "http://127.0.0.1:9000": another server than AWS, path-style requests
  std::string access_key;
  std::string secret_key;
  std::string session_token;
  int64_t request_timeout_ms = 30'000;  // of one request
  int64_t connect_timeout_ms = 10'000;
  int64_t retry_for_ms = 60'000;  // what may pass (503, timeouts) is tried so long, with pauses
};

struct StoreSettings {
  Durability durability = Durability::kPower;
  S3Settings s3;
};

// A folder ("/data/logs", "logs") or "s3://bucket/prefix". Opens nothing: a folder that is not
// there yet is made by the first write. A configuration error for a URI that is none of these.
Result<std::shared_ptr<ObjectStore>> OpenObjectStore(const std::string& location,
                                                     const StoreSettings& settings,
                                                     const CallContext& context);

}  // namespace ampload::lake
