#include "loaders/postgresql/copy_stream.h"

#include <algorithm>
#include <utility>

#include "ampload/fault_point.h"

namespace ampload::postgresql {
namespace {

constexpr int64_t kCopyBytes = 64 << 20;

}  // namespace

CopyStream::CopyStream(Connection& connection, std::string statement, std::string where,
                       int64_t flush_bytes)
    : connection_(connection),
      statement_(std::move(statement)),
      where_(std::move(where)),
      flush_bytes_(static_cast<size_t>(std::max<int64_t>(flush_bytes, 1))) {}

Status CopyStream::Start(const CallContext& context) {
  AMPLOAD_FAULT_POINT("postgresql.copy.start");
  ARROW_RETURN_NOT_OK(connection_.StartCopy(statement_, context));
  copy_bytes_ = 0;
  parts_.clear();
  return connection_.PutCopy(encode::pg::CopyHeader(), context);
}

Status CopyStream::Put(const TupleRun& run, const CallContext& context) {
  if (!connection_.in_copy()) ARROW_RETURN_NOT_OK(Start(context));
  AMPLOAD_FAULT_POINT("postgresql.copy.send");
  parts_.push_back({run.rows, run.first_row, run.origin});
  std::string_view bytes(reinterpret_cast<const char*>(run.bytes->data()),
                         static_cast<size_t>(run.bytes->size()));
  while (!bytes.empty()) {
    ARROW_RETURN_NOT_OK(connection_.PutCopy(bytes.substr(0, flush_bytes_), context));
    bytes.remove_prefix(std::min(flush_bytes_, bytes.size()));
  }
  rows_put_ += run.rows;
  bytes_put_ += run.bytes->size();
  copy_bytes_ += run.bytes->size();
  // A server that speaks in the middle of a COPY has refused a row, most often.
  const bool end = copy_bytes_ >= kCopyBytes || connection_.server_spoke();
  return end ? End(context) : Status::OK();
}

Status CopyStream::End(const CallContext& context) {
  if (!connection_.in_copy()) return Status::OK();
  ARROW_RETURN_NOT_OK(connection_.PutCopy(encode::pg::CopyTrailer(), context));
  const auto taken = connection_.EndCopy(context);
  if (!taken.ok()) return WithPlace(taken.status());
  AMPLOAD_FAULT_POINT("postgresql.copy.end");
  int64_t sent = 0;
  for (const auto& part : parts_) sent += part.rows;
  parts_.clear();
  if (*taken == sent) return Status::OK();
  return PermanentError(
      "postgresql: the server took another number of rows than were sent; a trigger of the table "
      "leaves rows out, and nothing was loaded" +
      where_ + " sent=" + std::to_string(sent) + " taken=" + std::to_string(*taken));
}

Status CopyStream::WithPlace(const Status& failure) const {
  const auto line = connection_.copy_line();
  if (!line.has_value()) return failure;
  int64_t before = 0;
  for (const auto& part : parts_) {
    if (*line <= before + part.rows) {
      const int64_t row = part.first_row + (*line - before - 1);
      return failure.WithMessage(MessageOf(failure), " row=", row,
                                 part.origin.empty() ? "" : " file=", part.origin);
    }
    before += part.rows;
  }
  return failure;
}

}  // namespace ampload::postgresql
