#include "lake/s3_output.h"

#include <arrow/buffer.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <future>
#include <utility>
#include <vector>

#include "ampload/fault_point.h"
#include "lake/s3_reply.h"

namespace ampload::lake {
namespace {

// S3 takes 10,000 parts of at least 5 MiB.
constexpr size_t kPartBytes = 8 << 20;

class S3Output final : public ObjectOutput {
 public:
  S3Output(std::shared_ptr<S3Client> client, std::string key, const CallContext& context)
      : client_(std::move(client)), key_(std::move(key)), context_{context.stop, NoDeadline()} {}
  ~S3Output() override { static_cast<void>(S3Output::Discard()); }

  using arrow::io::OutputStream::Write;
  Status Write(const void* data, int64_t count) override {
    ARROW_RETURN_NOT_OK(CheckOpen());
    std::string_view bytes(static_cast<const char*>(data), static_cast<size_t>(count));
    while (!bytes.empty()) {
      const size_t now = std::min(kPartBytes - part_.size(), bytes.size());
      part_.append(bytes.substr(0, now));
      bytes.remove_prefix(now);
      position_ += static_cast<int64_t>(now);
      if (part_.size() == kPartBytes) ARROW_RETURN_NOT_OK(SendPart());
    }
    return Status::OK();
  }

  Status Close() override {
    if (closed_) return Status::OK();
    ARROW_RETURN_NOT_OK(CheckOpen());
    AMPLOAD_FAULT_POINT("lake.data_file.before");
    may_be_there_ = true;
    if (upload_.empty()) {
      ARROW_RETURN_NOT_OK(PutWhole());
    } else {
      if (!part_.empty()) ARROW_RETURN_NOT_OK(SendPart());
      ARROW_RETURN_NOT_OK(AwaitPart());
      ARROW_RETURN_NOT_OK(Complete());
    }
    part_ = {};
    closed_ = true;
    AMPLOAD_FAULT_POINT("lake.data_file.after");
    return Status::OK();
  }

  Status Discard() override {
    if (closed_ || std::exchange(discarded_, true)) return Status::OK();
    static_cast<void>(AwaitPart());
    part_ = {};
    if (!upload_.empty()) {
      ARROW_RETURN_NOT_OK(Gone({"DELETE", key_, {{"uploadId", upload_}}, {}, {}}));
    }
    return may_be_there_ ? Gone({"DELETE", key_, {}, {}, {}}) : Status::OK();
  }

  bool closed() const override { return closed_ || discarded_; }
  Result<int64_t> Tell() const override { return position_; }
  int64_t held_bytes() const override {
    return static_cast<int64_t>(part_.size() + (under_way_.valid() ? kPartBytes : 0));
  }

 private:
  static std::chrono::steady_clock::time_point NoDeadline() {
    return std::chrono::steady_clock::time_point::max();
  }
  Status CheckOpen() const {
    return closed()
               ? PermanentError("lake: the file was closed: path=" + client_->Shown(key_), "EBADF")
               : Status::OK();
  }

  Result<HttpReply> Send(const S3Request& request) {
    ARROW_ASSIGN_OR_RAISE(auto reply, client_->Send(request, context_));
    if (reply.status / 100 != 2) return client_->Failure(request, reply);
    return reply;
  }

  // Also after a stop request: what is left is to be taken away.
  Status Gone(const S3Request& request) {
    ARROW_ASSIGN_OR_RAISE(const auto reply, client_->Send(request, CallContext{}));
    if (reply.status / 100 == 2 || reply.status == 404) return Status::OK();
    return client_->Failure(request, reply);
  }

  Status PutWhole() {
    S3Request request{"PUT", key_, {}, {}, part_, true};
    return Send(request).status();
  }

  Status SendPart() {
    if (upload_.empty()) {
      ARROW_ASSIGN_OR_RAISE(const auto reply, Send({"POST", key_, {{"uploads", ""}}, {}, {}}));
      upload_ = XmlText(reply.body, "UploadId");
      if (upload_.empty()) {
        return PermanentError("lake: S3 began an upload without saying its name: path=" +
                              client_->Shown(key_));
      }
    }
    ARROW_RETURN_NOT_OK(AwaitPart());
    ++parts_;
    under_way_ = std::async(
        std::launch::async,
        [this, number = parts_, bytes = std::exchange(part_, {})]() -> Result<std::string> {
          const S3Request request{
              "PUT", key_,  {{"partNumber", std::to_string(number)}, {"uploadId", upload_}},
              {},    bytes, true};
          ARROW_ASSIGN_OR_RAISE(const auto reply, Send(request));
          const auto etag = reply.headers.find("etag");
          if (etag == reply.headers.end()) {
            return PermanentError("lake: S3 took a part without an ETag: path=" +
                                  client_->Shown(key_));
          }
          return etag->second;
        });
    return Status::OK();
  }

  Status AwaitPart() {
    if (!under_way_.valid()) return Status::OK();
    ARROW_ASSIGN_OR_RAISE(auto etag, under_way_.get());
    etags_.push_back(std::move(etag));
    return Status::OK();
  }

  Status Complete() {
    std::string body = "<CompleteMultipartUpload>";
    for (size_t i = 0; i < etags_.size(); ++i) {
      body +=
          fmt::format("<Part><PartNumber>{}</PartNumber><ETag>{}</ETag></Part>", i + 1, etags_[i]);
    }
    body += "</CompleteMultipartUpload>";
    const S3Request request{"POST", key_, {{"uploadId", upload_}}, {}, body, true};
    ARROW_ASSIGN_OR_RAISE(const auto reply, client_->Send(request, context_));
    // S3 may say only in the body that it failed.
    if (reply.status == 200 && reply.body.find("<Error>") == std::string::npos) {
      return Status::OK();
    }
    // Its answer to an earlier try may have been lost: the upload is then gone, the object there.
    ARROW_ASSIGN_OR_RAISE(const auto there, client_->Send({"HEAD", key_, {}, {}, {}}, context_));
    const auto size = there.headers.find("content-length");
    if (there.status == 200 && size != there.headers.end() &&
        size->second == std::to_string(position_)) {
      return Status::OK();
    }
    return client_->Failure(request, reply);
  }

  const std::shared_ptr<S3Client> client_;
  const std::string key_;
  const CallContext context_;
  std::string part_;
  std::string upload_;  // "": it may still be one put
  int parts_ = 0;
  std::vector<std::string> etags_;
  int64_t position_ = 0;
  bool may_be_there_ = false;
  bool closed_ = false;
  bool discarded_ = false;
  std::future<Result<std::string>> under_way_;  // the last: its end is awaited before all else goes
};

class S3File final : public arrow::io::RandomAccessFile {
 public:
  S3File(std::shared_ptr<S3Client> client, std::string key, int64_t size, CallContext context)
      : client_(std::move(client)),
        key_(std::move(key)),
        size_(size),
        context_(std::move(context)) {}

  Status Close() override {
    closed_ = true;
    return Status::OK();
  }
  bool closed() const override { return closed_; }
  Result<int64_t> Tell() const override { return position_; }
  Result<int64_t> GetSize() override { return size_; }
  Status Seek(int64_t position) override {
    position_ = position;
    return Status::OK();
  }

  Result<std::shared_ptr<arrow::Buffer>> ReadAt(int64_t position, int64_t count) override {
    count = std::min(count, size_ - position);
    if (position < 0 || count <= 0) return std::make_shared<arrow::Buffer>(nullptr, 0);
    const S3Request request{
        "GET", key_, {}, {{"range", fmt::format("bytes={}-{}", position, position + count - 1)}},
        {},    true};
    ARROW_ASSIGN_OR_RAISE(auto reply, client_->Send(request, context_));
    if (reply.status != 206 && reply.status != 200) return client_->Failure(request, reply);
    if (reply.status == 200 && std::ssize(reply.body) == size_) {
      reply.body = reply.body.substr(static_cast<size_t>(position), static_cast<size_t>(count));
    }
    if (std::ssize(reply.body) != count) {
      return PermanentError("lake: the object changed while it was read: path=" +
                            client_->Shown(key_));
    }
    return arrow::Buffer::FromString(std::move(reply.body));
  }
  Result<int64_t> ReadAt(int64_t position, int64_t count, void* out) override {
    ARROW_ASSIGN_OR_RAISE(const auto bytes, ReadAt(position, count));
    if (bytes->size() > 0) std::memcpy(out, bytes->data(), static_cast<size_t>(bytes->size()));
    return bytes->size();
  }
  Result<std::shared_ptr<arrow::Buffer>> Read(int64_t count) override {
    ARROW_ASSIGN_OR_RAISE(auto bytes, ReadAt(position_, count));
    position_ += bytes->size();
    return bytes;
  }
  Result<int64_t> Read(int64_t count, void* out) override {
    ARROW_ASSIGN_OR_RAISE(const int64_t got, ReadAt(position_, count, out));
    position_ += got;
    return got;
  }

 private:
  const std::shared_ptr<S3Client> client_;
  const std::string key_;
  const int64_t size_;
  const CallContext context_;
  int64_t position_ = 0;
  bool closed_ = false;
};

}  // namespace

std::unique_ptr<ObjectOutput> OpenS3Output(std::shared_ptr<S3Client> client, std::string key,
                                           const CallContext& context) {
  return std::make_unique<S3Output>(std::move(client), std::move(key), context);
}

Result<std::shared_ptr<arrow::io::RandomAccessFile>> OpenS3File(std::shared_ptr<S3Client> client,
                                                                std::string key,
                                                                const CallContext& context) {
  const S3Request request{"HEAD", key, {}, {}, {}};
  ARROW_ASSIGN_OR_RAISE(const auto reply, client->Send(request, context));
  if (reply.status == 404) {
    return PermanentError("lake: there is no such object: path=" + client->Shown(key), "ENOENT");
  }
  const auto size = reply.headers.find("content-length");
  if (reply.status != 200 || size == reply.headers.end()) return client->Failure(request, reply);
  const int64_t bytes = std::strtoll(size->second.c_str(), nullptr, 10);
  return std::make_shared<S3File>(std::move(client), std::move(key), bytes, context);
}

}  // namespace ampload::lake
