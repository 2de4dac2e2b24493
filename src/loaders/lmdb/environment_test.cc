#include "loaders/lmdb/environment.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "loaders/lmdb/load_lock.h"
#include "matchers.h"
#include "temp_folder.h"

namespace ampload::lmdb {
namespace {

namespace fs = std::filesystem;

constexpr EnvironmentOptions kCreate{.map_size = 1 << 20, .sync = SyncMode::kNone, .create = true};

Status PutIn(Environment& environment, const std::string& database, const std::string& key,
             const std::string& value) {
  return environment.Write(0, [&](Transaction& txn) -> Status {
    ARROW_ASSIGN_OR_RAISE(const auto dbi, txn.OpenDatabase(database, true));
    return txn.Put(*dbi, key, value);
  });
}

// The value, "(no key)" or "(no database)".
std::string GetFrom(Environment& environment, const std::string& database, const std::string& key) {
  auto txn = environment.BeginRead().ValueOrDie();
  const auto dbi = txn.OpenDatabase(database, false).ValueOrDie();
  if (!dbi.has_value()) return "(no database)";
  const auto value = txn.Get(*dbi, key).ValueOrDie();
  return value.has_value() ? std::string(*value) : "(no key)";
}

TEST(Environment, IsOpenedOnceByAProcess) {
  const TempFolder folder;
  ASSERT_OK_AND_ASSIGN(const auto first, Environment::Open(folder / "env", kCreate));
  ASSERT_OK_AND_ASSIGN(const auto second, Environment::Open(folder / "env/../env", kCreate));
  EXPECT_EQ(first.get(), second.get());
}

TEST(Environment, GrowsItsMapWhenARowDoesNotFit) {
  const TempFolder folder;
  ASSERT_OK_AND_ASSIGN(const auto environment, Environment::Open(folder / "env", kCreate));
  const std::string large(24 << 20, 'x');  // far beyond the 1 MiB map
  ASSERT_THAT(PutIn(*environment, "t", "k", large), IsOk());
  EXPECT_EQ(GetFrom(*environment, "t", "k"), large);
}

TEST(Environment, TakesTheSizeOfAMapThatAnotherProcessGrew) {
  const TempFolder folder;
  ASSERT_OK_AND_ASSIGN(const auto environment, Environment::Open(folder / "env", kCreate));
  ASSERT_THAT(PutIn(*environment, "t", "a", "1"), IsOk());
  const pid_t child = fork();
  if (child == 0) {
    // A process of its own: it must not use what it inherited, so it starts over.
    const std::string path = folder / "env";
    MDB_env* env = nullptr;
    MDB_txn* txn = nullptr;
    MDB_dbi dbi = 0;
    mdb_env_create(&env);
    mdb_env_set_mapsize(env, 256 << 20);
    mdb_env_set_maxdbs(env, 8);
    if (mdb_env_open(env, path.c_str(), 0, 0644) != 0) _exit(2);
    if (mdb_txn_begin(env, nullptr, 0, &txn) != 0 || mdb_dbi_open(txn, "t", 0, &dbi) != 0) _exit(3);
    std::string large(64 << 20, 'y');
    MDB_val key = ToVal("b");
    MDB_val value = ToVal(large);
    if (mdb_put(txn, dbi, &key, &value, 0) != 0 || mdb_txn_commit(txn) != 0) _exit(4);
    _exit(0);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0);
  EXPECT_EQ(GetFrom(*environment, "t", "b").size(), size_t{64} << 20);
  EXPECT_THAT(PutIn(*environment, "t", "c", "3"), IsOk());
}

TEST(Environment, ExchangesTwoDatabases) {
  const TempFolder folder;
  ASSERT_OK_AND_ASSIGN(const auto environment, Environment::Open(folder / "env", kCreate));
  ASSERT_THAT(PutIn(*environment, "old", "k", "of the old"), IsOk());
  ASSERT_THAT(PutIn(*environment, "new", "k", "of the new"), IsOk());
  ASSERT_THAT(
      environment->Write(0, [](Transaction& txn) { return txn.ExchangeDatabases("new", "old"); }),
      IsOk());
  EXPECT_EQ(GetFrom(*environment, "old", "k"), "of the new");
  EXPECT_EQ(GetFrom(*environment, "new", "k"), "of the old");
}

TEST(Environment, RenamesADatabaseWhoseNewNameIsFree) {
  const TempFolder folder;
  ASSERT_OK_AND_ASSIGN(const auto environment, Environment::Open(folder / "env", kCreate));
  ASSERT_THAT(PutIn(*environment, "new", "k", "v"), IsOk());
  ASSERT_THAT(
      environment->Write(0, [](Transaction& txn) { return txn.ExchangeDatabases("new", "table"); }),
      IsOk());
  EXPECT_EQ(GetFrom(*environment, "table", "k"), "v");
  EXPECT_EQ(GetFrom(*environment, "new", "k"), "(no database)");
  EXPECT_THAT(PutIn(*environment, "new", "k", "again"), IsOk());
  EXPECT_EQ(GetFrom(*environment, "table", "k"), "v");
}

TEST(Environment, SeesThatAnotherProcessDroppedADatabase) {
  const TempFolder folder;
  ASSERT_OK_AND_ASSIGN(const auto environment, Environment::Open(folder / "env", kCreate));
  ASSERT_THAT(PutIn(*environment, "t", "k", "v"), IsOk());
  const pid_t child = fork();
  if (child == 0) {
    const std::string path = folder / "env";
    MDB_env* env = nullptr;
    MDB_txn* txn = nullptr;
    MDB_dbi dbi = 0;
    mdb_env_create(&env);
    mdb_env_set_maxdbs(env, 8);
    if (mdb_env_open(env, path.c_str(), 0, 0644) != 0) _exit(2);
    if (mdb_txn_begin(env, nullptr, 0, &txn) != 0 || mdb_dbi_open(txn, "t", 0, &dbi) != 0) _exit(3);
    if (mdb_drop(txn, dbi, 1) != 0 || mdb_txn_commit(txn) != 0) _exit(4);
    _exit(0);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0);
  EXPECT_EQ(GetFrom(*environment, "t", "k"), "(no database)");
}

TEST(Environment, ExchangeAndDropFitInOneTransaction) {
  const TempFolder folder;
  ASSERT_OK_AND_ASSIGN(const auto environment, Environment::Open(folder / "env", kCreate));
  for (int i = 0; i < 5000; ++i) {
    ASSERT_THAT(
        PutIn(*environment, i % 2 == 0 ? "old" : "new", std::to_string(i), std::string(300, 'v')),
        IsOk());
  }
  ASSERT_THAT(environment->Write(0,
                                 [](Transaction& txn) -> Status {
                                   ARROW_RETURN_NOT_OK(txn.ExchangeDatabases("new", "old"));
                                   return txn.Drop("new", /*remove=*/true);
                                 }),
              IsOk());
  EXPECT_EQ(GetFrom(*environment, "new", "1"), "(no database)");
  EXPECT_EQ(GetFrom(*environment, "old", "1"), std::string(300, 'v'));
  EXPECT_EQ(GetFrom(*environment, "old", "0"), "(no key)");
}

TEST(Environment, AnExchangeThatIsNotCommittedChangesNothing) {
  const TempFolder folder;
  ASSERT_OK_AND_ASSIGN(const auto environment, Environment::Open(folder / "env", kCreate));
  ASSERT_THAT(PutIn(*environment, "old", "k", "1"), IsOk());
  ASSERT_THAT(PutIn(*environment, "new", "k", "2"), IsOk());
  {
    ASSERT_OK_AND_ASSIGN(auto txn, environment->BeginWrite(0));
    ASSERT_THAT(txn.ExchangeDatabases("new", "old"), IsOk());
  }
  EXPECT_EQ(GetFrom(*environment, "old", "k"), "1");
}

TEST(Environment, RefusesAFolderOfSomethingElse) {
  const TempFolder folder;
  std::ofstream(folder / "orders.parquet") << "PAR1";
  EXPECT_THAT(Environment::Open(folder.path(), kCreate),
              FailsWith(FailureKind::kConfiguration, "orders.parquet"));
  EXPECT_FALSE(fs::exists(folder / "data.mdb"));
}

TEST(Environment, RefusesAFileAsTarget) {
  const TempFolder folder;
  std::ofstream(folder / "f") << "x";
  EXPECT_THAT(Environment::Open(folder / "f", kCreate),
              FailsWith(FailureKind::kConfiguration, "not a folder"));
}

TEST(Environment, RefusesADataFileOfAnotherFormat) {
  const TempFolder folder;
  std::ofstream(folder / "data.mdb") << std::string(8192, 'z');
  EXPECT_THAT(Environment::Open(folder.path(), kCreate),
              FailsWith(FailureKind::kPermanent, "no LMDB file"));
}

TEST(Environment, RefusesANameThatIsAPlainKey) {
  const TempFolder folder;
  ASSERT_OK_AND_ASSIGN(const auto environment, Environment::Open(folder / "env", kCreate));
  ASSERT_THAT(environment->Write(0,
                                 [](Transaction& txn) -> Status {
                                   ARROW_ASSIGN_OR_RAISE(const auto main, txn.OpenMain());
                                   return txn.Put(main, "plain", "value");
                                 }),
              IsOk());
  EXPECT_THAT(PutIn(*environment, "plain", "k", "v"),
              FailsWith(FailureKind::kPermanent, "plain key"));
}

TEST(LoadLock, IsHeldUntilItsOwnerEnds) {
  const TempFolder folder;
  const std::string nonce = "00000000000001ffffffffffffffffff";
  {
    ASSERT_OK_AND_ASSIGN(const auto lock, LoadLock::Take(folder.path(), nonce));
    ASSERT_OK_AND_ASSIGN(const bool held, LoadLock::IsHeld(folder.path(), nonce));
    EXPECT_TRUE(held);
    ASSERT_OK_AND_ASSIGN(const bool other,
                         LoadLock::IsHeld(folder.path(), "00000000000002ffffffffffffffffff"));
    EXPECT_FALSE(other);
  }
  ASSERT_OK_AND_ASSIGN(const bool held, LoadLock::IsHeld(folder.path(), nonce));
  EXPECT_FALSE(held);
}

TEST(LoadLock, OfAKilledProcessIsFree) {
  const TempFolder folder;
  const std::string nonce = "0000000000abcdffffffffffffffffff";
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  if (child == 0) {
    const auto lock = LoadLock::Take(folder.path(), nonce);
    if (write(ready[1], "x", 1) != 1) _exit(1);
    pause();
    _exit(lock.ok() ? 0 : 1);
  }
  char byte;
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  EXPECT_TRUE(LoadLock::IsHeld(folder.path(), nonce).ValueOrDie());
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  EXPECT_FALSE(LoadLock::IsHeld(folder.path(), nonce).ValueOrDie());
  close(ready[0]);
  close(ready[1]);
}

}  // namespace
}  // namespace ampload::lmdb
