#include "conformance/loaders/bare_files.h"

#include <filesystem>
#include <fstream>
#include <utility>

#include "lake/object_path.h"
#include "lake/s3_client.h"
#include "lake/s3_place.h"

namespace ampload::conformance {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kS3 = "s3://";

class LocalFiles final : public BareFiles {
 public:
  explicit LocalFiles(fs::path root) : root_(std::move(root)) {}

  Status Delete(const std::string& path) override {
    std::error_code error;
    fs::remove(root_ / path, error);
    return error ? PermanentError("cannot remove " + path + ": " + error.message()) : Status::OK();
  }

  Status Put(const std::string& path, std::string_view bytes) override {
    const fs::path file = root_ / path;
    std::error_code error;
    fs::create_directories(file.parent_path(), error);
    std::ofstream out(file, std::ios::binary);
    out << bytes;
    out.close();
    return !error && out ? Status::OK() : PermanentError("cannot write the file " + file.string());
  }

 private:
  const fs::path root_;
};

class S3Files final : public BareFiles {
 public:
  S3Files(std::string bucket, std::string prefix, lake::S3Place place,
          const lake::S3Settings& settings)
      : client_(std::move(bucket), std::move(place), settings), prefix_(std::move(prefix)) {}

  Status Delete(const std::string& path) override {
    return Send({"DELETE", lake::JoinPath(prefix_, path), {}, {}, {}});
  }
  Status Put(const std::string& path, std::string_view bytes) override {
    return Send({"PUT", lake::JoinPath(prefix_, path), {}, {}, bytes, true});
  }

 private:
  Status Send(const lake::S3Request& request) {
    ARROW_ASSIGN_OR_RAISE(const auto reply, client_.Send(request, {}));
    const bool absent = request.method == "DELETE" && reply.status == 404;
    return reply.status / 100 == 2 || absent ? Status::OK() : client_.Failure(request, reply);
  }

  lake::S3Client client_;
  const std::string prefix_;
};

}  // namespace

Result<std::unique_ptr<BareFiles>> BareFiles::Of(const std::string& root,
                                                 const lake::StoreSettings& settings) {
  if (!root.starts_with(kS3)) return std::make_unique<LocalFiles>(root);
  const std::string rest = root.substr(kS3.size());
  const std::string bucket = rest.substr(0, rest.find('/'));
  const std::string prefix = rest.size() > bucket.size() ? rest.substr(bucket.size() + 1) : "";
  ARROW_ASSIGN_OR_RAISE(
      auto place, lake::FindS3Place(bucket, settings.s3, lake::Surroundings::OfThisProcess()));
  return std::make_unique<S3Files>(bucket, prefix, std::move(place), settings.s3);
}

}  // namespace ampload::conformance
