#include "lake/s3_store.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <set>
#include <utility>

#include "ampload/fault_point.h"
#include "lake/object_path.h"
#include "lake/posix_file.h"
#include "lake/s3_client.h"
#include "lake/s3_output.h"
#include "lake/s3_place.h"
#include "lake/s3_reply.h"

namespace ampload::lake {
namespace {

constexpr std::string_view kScheme = "s3://";

class S3Store final : public ObjectStore {
 public:
  S3Store(std::shared_ptr<S3Client> client, std::string prefix)
      : client_(std::move(client)),
        prefix_(std::move(prefix)),
        root_(JoinPath(fmt::format("{}{}", kScheme, client_->bucket()), prefix_)) {}

  const std::string& root() const override { return root_; }

  Status CheckPutIfAbsent(const std::string& folder, const CallContext& context) override;
  Result<std::shared_ptr<arrow::Buffer>> Read(const std::string& path,
                                              const CallContext& context) override;
  Result<std::shared_ptr<arrow::io::RandomAccessFile>> Open(const std::string& path,
                                                            const CallContext& context) override {
    ARROW_RETURN_NOT_OK(CheckPath(path));
    return OpenS3File(client_, Key(path), context);
  }
  Result<PutOutcome> PutIfAbsent(const std::string& path, std::string_view bytes,
                                 const CallContext& context) override;
  Status Put(const std::string& path, std::string_view bytes, const CallContext& context) override;
  Result<std::unique_ptr<ObjectOutput>> Create(const std::string& path,
                                               const CallContext& context) override {
    ARROW_RETURN_NOT_OK(CheckPath(path));
    ARROW_RETURN_NOT_OK(context.Check());
    return OpenS3Output(client_, Key(path), context);
  }
  Result<std::vector<ObjectInfo>> List(const std::string& folder, const std::string& after,
                                       const CallContext& context) override;
  Result<std::vector<std::string>> ListFolders(const std::string& folder,
                                               const CallContext& context) override;
  Status Delete(std::span<const std::string> paths, const CallContext& context) override;
  Result<int64_t> DeleteLeftovers(const std::string& /*folder*/, int64_t /*before_ms*/,
                                  const CallContext& /*context*/) override {
    return 0;
  }
  Result<std::shared_ptr<ObjectStore>> Below(const std::string& folder) override {
    ARROW_RETURN_NOT_OK(CheckPath(folder));
    return std::make_shared<S3Store>(client_, Key(folder));
  }

 private:
  std::string Key(const std::string& path) const { return JoinPath(prefix_, path); }
  Result<PutOutcome> PutKey(const std::string& key, std::string_view bytes,
                            const CallContext& context);
  // Null: there is none.
  Result<std::shared_ptr<arrow::Buffer>> ReadKey(const std::string& key,
                                                 const CallContext& context);
  Result<S3Listing> ListAll(const std::string& folder, const std::string& after,
                            const CallContext& context);

  const std::shared_ptr<S3Client> client_;
  const std::string prefix_;  // without a slash at its end; or ""
  const std::string root_;
};

Result<std::shared_ptr<arrow::Buffer>> S3Store::ReadKey(const std::string& key,
                                                        const CallContext& context) {
  const S3Request request{"GET", key, {}, {}, {}, true};
  ARROW_ASSIGN_OR_RAISE(auto reply, client_->Send(request, context));
  if (reply.status == 200) return arrow::Buffer::FromString(std::move(reply.body));
  if (reply.status == 404 && XmlText(reply.body, "Code") != "NoSuchBucket") return nullptr;
  return client_->Failure(request, reply);
}

Result<std::shared_ptr<arrow::Buffer>> S3Store::Read(const std::string& path,
                                                     const CallContext& context) {
  ARROW_RETURN_NOT_OK(CheckPath(path));
  return ReadKey(Key(path), context);
}

Result<PutOutcome> S3Store::PutKey(const std::string& key, std::string_view bytes,
                                   const CallContext& context) {
  const S3Request request{"PUT", key, {}, {{"if-none-match", "*"}}, bytes, bytes.size() > 1 << 20};
  bool maybe_taken = false;
  const auto reply = client_->Send(request, context, &maybe_taken);
  if (reply.ok() && reply->status / 100 == 2) return PutOutcome::kWritten;
  const bool exists = reply.ok() && reply->status == 412;
  if (!exists && !maybe_taken) {
    return reply.ok() ? client_->Failure(request, *reply) : reply.status();
  }
  // An object is there, or may be: ours, if it has our bytes.
  const auto there = ReadKey(key, context);
  if (!there.ok()) return exists && !maybe_taken ? PutOutcome::kExists : PutOutcome::kUnknown;
  if (*there == nullptr) return exists ? PutOutcome::kExists : PutOutcome::kUnknown;
  return std::string_view(**there) == bytes ? PutOutcome::kWritten : PutOutcome::kExists;
}

Result<PutOutcome> S3Store::PutIfAbsent(const std::string& path, std::string_view bytes,
                                        const CallContext& context) {
  ARROW_RETURN_NOT_OK(CheckPath(path));
  ARROW_RETURN_NOT_OK(context.Check());
  AMPLOAD_FAULT_POINT("lake.put_if_absent.before");
  const auto outcome = PutKey(Key(path), bytes, context);
  AMPLOAD_FAULT_POINT("lake.put_if_absent.after");
  if (AMPLOAD_REPLY_LOST("lake.put_if_absent.reply")) return PutOutcome::kUnknown;
  return outcome;
}

Status S3Store::Put(const std::string& path, std::string_view bytes, const CallContext& context) {
  ARROW_RETURN_NOT_OK(CheckPath(path));
  ARROW_RETURN_NOT_OK(context.Check());
  AMPLOAD_FAULT_POINT("lake.put.before");
  const S3Request request{"PUT", Key(path), {}, {}, bytes, bytes.size() > 1 << 20};
  ARROW_ASSIGN_OR_RAISE(const auto reply, client_->Send(request, context));
  if (reply.status / 100 != 2) return client_->Failure(request, reply);
  AMPLOAD_FAULT_POINT("lake.put.after");
  return Status::OK();
}

Status S3Store::CheckPutIfAbsent(const std::string& folder, const CallContext& context) {
  ARROW_RETURN_NOT_OK(CheckFolder(folder));
  static std::mutex mutex;
  static auto* const good = new std::set<std::pair<std::string, std::string>>();
  const auto bucket = std::pair(client_->endpoint(), client_->bucket());
  {
    const std::lock_guard lock(mutex);
    if (good->contains(bucket)) return Status::OK();
  }
  const auto probe = TemporaryName(Key(folder));
  const auto first = PutKey(probe, "1", context);
  const auto second = first.ok() ? PutKey(probe, "2", context) : first;
  static_cast<void>(client_->Send({"DELETE", probe, {}, {}, {}}, context));
  const bool unknown_header = StoreCodeOf(second.status()) == "501";
  if (!unknown_header) ARROW_RETURN_NOT_OK(second.status());
  if (unknown_header || *second == PutOutcome::kWritten) {
    return PermanentError(
        fmt::format("lake: this store does not honour If-None-Match: two writers could overwrite "
                    "each other's commits, so nothing is written here; use a store that does "
                    "(Amazon S3, current MinIO): bucket={}",
                    client_->bucket()),
        "If-None-Match");
  }
  if (*first != PutOutcome::kWritten || *second != PutOutcome::kExists) {
    return TransientError(
        fmt::format("lake: S3 does not answer clearly whether it honours If-None-Match; try again: "
                    "path={}",
                    client_->Shown(probe)));
  }
  const std::lock_guard lock(mutex);
  good->insert(bucket);
  return Status::OK();
}

Result<S3Listing> S3Store::ListAll(const std::string& folder, const std::string& after,
                                   const CallContext& context) {
  ARROW_RETURN_NOT_OK(CheckFolder(folder));
  auto prefix = Key(folder);
  if (!prefix.empty()) prefix += '/';
  S3Listing all;
  while (true) {
    S3Request request{
        "GET",
        "",
        {{"list-type", "2"}, {"delimiter", "/"}, {"encoding-type", "url"}, {"prefix", prefix}},
        {},
        {}};
    if (!all.next.empty()) {
      request.query.emplace_back("continuation-token", all.next);
    } else if (!after.empty()) {
      request.query.emplace_back("start-after", Key(after));
    }
    ARROW_ASSIGN_OR_RAISE(const auto reply, client_->Send(request, context));
    if (reply.status != 200) return client_->Failure(request, reply);
    ARROW_ASSIGN_OR_RAISE(auto page, ParseListing(reply.body));
    std::move(page.files.begin(), page.files.end(), std::back_inserter(all.files));
    std::move(page.folders.begin(), page.folders.end(), std::back_inserter(all.folders));
    all.next = std::move(page.next);
    if (all.next.empty()) return all;
    ARROW_RETURN_NOT_OK(context.Check());
  }
}

Result<std::vector<ObjectInfo>> S3Store::List(const std::string& folder, const std::string& after,
                                              const CallContext& context) {
  ARROW_ASSIGN_OR_RAISE(auto listing, ListAll(folder, after, context));
  const size_t above = prefix_.empty() ? 0 : prefix_.size() + 1;
  const size_t to_name = folder.empty() ? 0 : folder.size() + 1;
  std::vector<ObjectInfo> files;
  for (auto& file : listing.files) {
    if (file.path.size() <= above + to_name) continue;  // what stands for the folder itself
    file.path.erase(0, above);
    const auto name = std::string_view(file.path).substr(to_name);
    if (file.path > after && !IsTemporaryName(name)) files.push_back(std::move(file));
  }
  std::sort(files.begin(), files.end(),
            [](const auto& a, const auto& b) { return a.path < b.path; });
  return files;
}

Result<std::vector<std::string>> S3Store::ListFolders(const std::string& folder,
                                                      const CallContext& context) {
  ARROW_ASSIGN_OR_RAISE(const auto listing, ListAll(folder, "", context));
  std::vector<std::string> names;
  for (std::string_view path : listing.folders) {
    path.remove_suffix(1);
    const auto name = path.substr(path.rfind('/') + 1);
    if (!name.empty()) names.emplace_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

Status S3Store::Delete(std::span<const std::string> paths, const CallContext& context) {
  for (const auto& path : paths) {
    ARROW_RETURN_NOT_OK(CheckPath(path));
    AMPLOAD_FAULT_POINT("lake.delete.before");
    const S3Request request{"DELETE", Key(path), {}, {}, {}};
    ARROW_ASSIGN_OR_RAISE(const auto reply, client_->Send(request, context));
    const bool absent = reply.status == 404 && XmlText(reply.body, "Code") != "NoSuchBucket";
    if (reply.status / 100 != 2 && !absent) return client_->Failure(request, reply);
  }
  return Status::OK();
}

}  // namespace

bool IsS3Location(const std::string& location) { return location.starts_with(kScheme); }

Result<std::shared_ptr<ObjectStore>> OpenS3Store(const std::string& location,
                                                 const S3Settings& settings) {
  const auto rest = std::string_view(location).substr(kScheme.size());
  const auto bucket = std::string(rest.substr(0, rest.find('/')));
  // Not repeated: what does not belong there may be a secret.
  if (bucket.empty() || bucket.find_first_of("@?:#% ") != std::string::npos) {
    return ConfigurationError(
        "lake: a place on S3 is s3://bucket/prefix: a bucket, and neither credentials nor a server "
        "before it");
  }
  std::string prefix(rest.size() > bucket.size() ? rest.substr(bucket.size() + 1) : "");
  while (prefix.ends_with('/')) prefix.pop_back();
  if (!CheckFolder(prefix).ok()) {
    return ConfigurationError(
        fmt::format("lake: a prefix of S3 has no empty parts and no \"..\": path={}", location));
  }
  ARROW_ASSIGN_OR_RAISE(auto place, FindS3Place(bucket, settings, Surroundings::OfThisProcess()));
  auto client = std::make_shared<S3Client>(bucket, std::move(place), settings);
  return std::make_shared<S3Store>(std::move(client), std::move(prefix));
}

}  // namespace ampload::lake
