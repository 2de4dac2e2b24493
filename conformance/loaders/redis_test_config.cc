// Looks into a Redis server with hiredis, over connections of its own. A database that goes back in
// time is copied into the next one and back: a server for tests alone.
#include "ampload/data_loader.h"
#include "conformance/kit/built_in_configs.h"
#include "conformance/loaders/redis_rows.h"
#include "conformance/loaders/redis_server.h"
#include "loaders/redis/names.h"

namespace ampload::conformance {
namespace {

using redis::RedisConfig;

class RedisTestConfig final : public LoaderTestConfig {
 public:
  Result<ConfigMap> StartStore() override {
    ARROW_ASSIGN_OR_RAISE(server_, StartRedis());
    return ConfigMap{{"socket", SocketOf(*server_)}};
  }

  Result<int64_t> GetRowCount(Loader& loader, const std::string& table) override {
    ARROW_ASSIGN_OR_RAISE(auto client, Open(loader));
    return CountTableRows(client, table);
  }

  Result<std::shared_ptr<arrow::Table>> QueryRows(Loader& loader, const std::string& table,
                                                  std::span<const Predicate> where,
                                                  std::span<const std::string> order_by) override {
    ARROW_ASSIGN_OR_RAISE(auto client, Open(loader));
    ARROW_ASSIGN_OR_RAISE(const auto record, ReadTableRecord(client, table));
    if (!record.has_value()) return DataError("there is no such table: " + table);
    ARROW_ASSIGN_OR_RAISE(const auto rows, ReadTableRows(client, table, *record));
    return SelectRows(rows, where, order_by);
  }

  Status CleanupTable(Loader& loader, const std::string& table) override {
    ARROW_ASSIGN_OR_RAISE(auto client, Open(loader));
    ARROW_ASSIGN_OR_RAISE(const auto record, ReadTableRecord(client, table));
    ARROW_ASSIGN_OR_RAISE(auto gone, KeysOfTable(client, table, record));
    ARROW_ASSIGN_OR_RAISE(const auto loads, client.Ask({"HVALS", redis::LoadsKey(table)}));
    for (const auto& one : loads.elements) {
      ARROW_ASSIGN_OR_RAISE(const auto load, redis::OpenLoadFromJson(one.text, table));
      gone.push_back(redis::JournalKey(load.nonce));
      gone.push_back(redis::OrderKey(load.nonce));
      ARROW_ASSIGN_OR_RAISE(const auto hidden,
                            client.Keys({"MATCH", redis::NewPrefix(load.nonce) + "*"}));
      gone.insert(gone.end(), hidden.begin(), hidden.end());
    }
    ARROW_ASSIGN_OR_RAISE(const auto batches, client.Ask({"HKEYS", redis::BatchesKey(table)}));
    for (const auto& one : batches.elements) {
      gone.push_back(redis::UndoKey(table, std::stoll(one.text)));
    }
    for (const auto& own :
         {redis::TableKey(table), redis::SchemaKey(table), redis::BatchesKey(table),
          redis::LoadsKey(table), redis::CheckpointsKey(table)}) {
      gone.push_back(own);
    }
    std::vector<RedisCommand> commands;
    for (const auto& key : gone) commands.push_back({"UNLINK", key});
    commands.push_back({"SREM", redis::kTablesKey, table});
    commands.push_back({"HDEL", redis::kRowsKey, table});
    return client.AskAll(commands).status();
  }

  Result<std::vector<std::string>> GetColumnNames(Loader& loader,
                                                  const std::string& table) override {
    ARROW_ASSIGN_OR_RAISE(auto client, Open(loader));
    ARROW_ASSIGN_OR_RAISE(const auto record, ReadTableRecord(client, table));
    return record.has_value() ? record->schema->field_names() : std::vector<std::string>{};
  }

  bool can_go_back() const override { return true; }
  Status RememberStore(const ConfigMap& options) override { return Copy(options, /*back=*/false); }
  Status RestoreStore(const ConfigMap& options) override { return Copy(options, /*back=*/true); }

 private:
  static Status Copy(const ConfigMap& options, bool back) {
    ARROW_ASSIGN_OR_RAISE(auto config, redis::RedisOptions().Parse(options, "redis"));
    const int64_t beside = config.database + 1;
    const int64_t to = back ? config.database : beside;
    if (back) config.database = beside;
    ARROW_ASSIGN_OR_RAISE(auto from, RedisClient::Connect(config));
    config.database = to;
    ARROW_ASSIGN_OR_RAISE(auto target, RedisClient::Connect(config));
    ARROW_RETURN_NOT_OK(target.Ask({"FLUSHDB", "SYNC"}).status());
    ARROW_ASSIGN_OR_RAISE(const auto keys, from.Keys());
    std::vector<RedisCommand> commands;
    for (const auto& key : keys) commands.push_back({"COPY", key, key, "DB", std::to_string(to)});
    return from.AskAll(commands).status();
  }

  static Result<RedisClient> Open(const Loader& loader) {
    const auto* mine = dynamic_cast<const DataLoader<RedisConfig>*>(&loader);
    if (mine == nullptr) return ConfigurationError("this is no Redis loader");
    return RedisClient::Connect(mine->config());
  }

  std::unique_ptr<PrivateServer> server_;
};

}  // namespace

std::unique_ptr<LoaderTestConfig> MakeRedisTestConfig() {
  return std::make_unique<RedisTestConfig>();
}

}  // namespace ampload::conformance
