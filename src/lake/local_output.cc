#include "lake/local_output.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "ampload/fault_point.h"
#include "lake/object_path.h"
#include "lake/posix_file.h"
#include "lake/system_error.h"

namespace ampload::lake {
namespace {

// So much is handed to the disk at a time while more is made, so that little is left for fsync.
constexpr int64_t kAhead = 8 << 20;

class LocalOutput final : public ObjectOutput {
 public:
  LocalOutput(std::string path, Descriptor file, Durability durability)
      : path_(std::move(path)), file_(std::move(file)), durability_(durability) {}
  ~LocalOutput() override { static_cast<void>(LocalOutput::Discard()); }

  using arrow::io::OutputStream::Write;
  Status Write(const void* data, int64_t count) override {
    ARROW_RETURN_NOT_OK(CheckOpen());
    ARROW_RETURN_NOT_OK(
        WriteAll(file_, {static_cast<const char*>(data), static_cast<size_t>(count)}, path_));
    position_ += count;
    if (durability_ == Durability::kPower && position_ - handed_on_ >= kAhead) {
      // Only a hint: a failure of the disk is seen by fsync.
      static_cast<void>(::sync_file_range(file_.get(), handed_on_, position_ - handed_on_,
                                          SYNC_FILE_RANGE_WRITE));
      handed_on_ = position_;
    }
    return Status::OK();
  }

  Status Close() override {
    if (closed_) return Status::OK();
    ARROW_RETURN_NOT_OK(CheckOpen());
    AMPLOAD_FAULT_POINT("lake.data_file.before");
    if (durability_ == Durability::kPower) ARROW_RETURN_NOT_OK(SyncFile(file_, path_));
    ARROW_RETURN_NOT_OK(file_.Close(path_));
    if (durability_ == Durability::kPower) {
      ARROW_RETURN_NOT_OK(SyncFolder(std::string(FolderOf(path_))));
    }
    closed_ = true;
    AMPLOAD_FAULT_POINT("lake.data_file.after");
    return Status::OK();
  }

  Status Discard() override {
    if (closed_ || std::exchange(discarded_, true)) return Status::OK();
    static_cast<void>(file_.Close(path_));
    if (::unlink(path_.c_str()) != 0 && errno != ENOENT) {
      return SystemError(errno, "cannot remove the file", path_);
    }
    return Status::OK();
  }

  bool closed() const override { return closed_ || discarded_; }
  Result<int64_t> Tell() const override { return position_; }

 private:
  Status CheckOpen() const {
    return closed() ? PermanentError("lake: the file was closed: path=" + path_, "EBADF")
                    : Status::OK();
  }

  const std::string path_;
  Descriptor file_;
  const Durability durability_;
  int64_t position_ = 0;
  int64_t handed_on_ = 0;
  bool closed_ = false;
  bool discarded_ = false;
};

}  // namespace

Result<std::unique_ptr<ObjectOutput>> OpenLocalOutput(const std::string& path,
                                                      Durability durability) {
  ARROW_ASSIGN_OR_RAISE(auto file, CreateNew(path));
  return std::make_unique<LocalOutput>(path, std::move(file), durability);
}

}  // namespace ampload::lake
