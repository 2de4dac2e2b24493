// A store whose PutIfAbsent may be told what to answer, and what to do.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "lake/object_store.h"

namespace ampload::deltalake {

class FaultyStore final : public lake::ObjectStore {
 public:
  explicit FaultyStore(std::shared_ptr<lake::ObjectStore> inner) : inner_(std::move(inner)) {}

  // Called before each; a value is the answer, and nothing is put.
  std::function<std::optional<lake::PutOutcome>(const std::string& path, std::string_view bytes)>
      on_put;

  const std::string& root() const override { return inner_->root(); }
  Status CheckPutIfAbsent(const std::string& folder, const CallContext& context) override {
    return inner_->CheckPutIfAbsent(folder, context);
  }
  Result<std::shared_ptr<arrow::Buffer>> Read(const std::string& path,
                                              const CallContext& context) override {
    return inner_->Read(path, context);
  }
  Result<std::shared_ptr<arrow::io::RandomAccessFile>> Open(const std::string& path,
                                                            const CallContext& context) override {
    return inner_->Open(path, context);
  }
  Result<lake::PutOutcome> PutIfAbsent(const std::string& path, std::string_view bytes,
                                       const CallContext& context) override {
    if (const auto asked = on_put; asked) {  // it may put another in its place
      if (const auto answer = asked(path, bytes); answer.has_value()) return *answer;
    }
    return inner_->PutIfAbsent(path, bytes, context);
  }
  Status Put(const std::string& path, std::string_view bytes, const CallContext& context) override {
    return inner_->Put(path, bytes, context);
  }
  Result<std::unique_ptr<lake::ObjectOutput>> Create(const std::string& path,
                                                     const CallContext& context) override {
    return inner_->Create(path, context);
  }
  Result<std::vector<lake::ObjectInfo>> List(const std::string& folder, const std::string& after,
                                             const CallContext& context) override {
    return inner_->List(folder, after, context);
  }
  Result<std::vector<std::string>> ListFolders(const std::string& folder,
                                               const CallContext& context) override {
    return inner_->ListFolders(folder, context);
  }
  Status Delete(std::span<const std::string> paths, const CallContext& context) override {
    return inner_->Delete(paths, context);
  }
  Result<int64_t> DeleteLeftovers(const std::string& folder, int64_t before_ms,
                                  const CallContext& context) override {
    return inner_->DeleteLeftovers(folder, before_ms, context);
  }
  Result<std::shared_ptr<lake::ObjectStore>> Below(const std::string& folder) override {
    return inner_->Below(folder);
  }

 private:
  std::shared_ptr<lake::ObjectStore> inner_;
};

}  // namespace ampload::deltalake
