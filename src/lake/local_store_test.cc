#include <arrow/buffer.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>

#include "base/clock.h"
#include "lake/object_store.h"
#include "matchers.h"
#include "temp_folder.h"

namespace ampload::lake {
namespace {

std::string FileText(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::string> NamesIn(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    names.push_back(entry.path().filename());
  }
  std::sort(names.begin(), names.end());
  return names;
}

class LocalStore : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(store_, OpenObjectStore(folder_ / "table", {}, {}));
  }
  TempFolder folder_;
  std::shared_ptr<ObjectStore> store_;
};

TEST_F(LocalStore, OpeningMakesNothing) {
  EXPECT_EQ(store_->root(), folder_ / "table");
  EXPECT_FALSE(std::filesystem::exists(folder_ / "table"));
  ASSERT_OK_AND_ASSIGN(const auto files, store_->List("", "", {}));
  EXPECT_TRUE(files.empty());
  ASSERT_OK_AND_ASSIGN(const auto folders, store_->ListFolders("_delta_log", {}));
  EXPECT_TRUE(folders.empty());
  ASSERT_OK_AND_ASSIGN(const auto none, store_->Read("_delta_log/0.json", {}));
  EXPECT_EQ(none, nullptr);
  EXPECT_THAT(store_->Open("a/b", {}), FailsWith(FailureKind::kPermanent, folder_ / "table/a/b"));
  EXPECT_EQ(StoreCodeOf(store_->Open("a/b", {}).status()), "ENOENT");
}

TEST_F(LocalStore, PutIfAbsentKeepsTheFirst) {
  ASSERT_THAT(store_->CheckPutIfAbsent("log", {}), IsOk());
  EXPECT_FALSE(std::filesystem::exists(folder_ / "table"));
  ASSERT_OK_AND_ASSIGN(auto outcome, store_->PutIfAbsent("log/0.json", "first", {}));
  EXPECT_EQ(outcome, PutOutcome::kWritten);
  ASSERT_OK_AND_ASSIGN(outcome, store_->PutIfAbsent("log/0.json", "second", {}));
  EXPECT_EQ(outcome, PutOutcome::kExists);
  EXPECT_EQ(FileText(folder_ / "table/log/0.json"), "first");
  EXPECT_THAT(NamesIn(folder_ / "table/log"), testing::ElementsAre("0.json"));
}

TEST_F(LocalStore, PutReplaces) {
  ASSERT_THAT(store_->Put("log/_last_checkpoint", "1", {}), IsOk());
  ASSERT_THAT(store_->Put("log/_last_checkpoint", "22", {}), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto text, store_->Read("log/_last_checkpoint", {}));
  EXPECT_EQ(text->ToString(), "22");
  EXPECT_THAT(NamesIn(folder_ / "table/log"), testing::ElementsAre("_last_checkpoint"));
}

TEST_F(LocalStore, ListsFilesBehindAPathInOrder) {
  for (const std::string name : {"10.json", "9.json", "1.json", "_last"}) {
    ASSERT_THAT(store_->Put("log/" + name, name, {}), IsOk());
  }
  ASSERT_THAT(store_->Put("log/deep/er/x", "x", {}), IsOk());
  std::ofstream(folder_ / "table/log/.ampload-00.tmp") << "left by one that was killed";
  ASSERT_OK_AND_ASSIGN(const auto files, store_->List("log", "log/1.json", {}));
  ASSERT_EQ(files.size(), 3U);
  EXPECT_EQ(files[0].path, "log/10.json");
  EXPECT_EQ(files[1].path, "log/9.json");
  EXPECT_EQ(files[2].path, "log/_last");
  EXPECT_EQ(files[0].size, 7);
  struct stat info = {};
  ASSERT_EQ(::stat((folder_ / "table/log/10.json").c_str(), &info), 0);
  EXPECT_EQ(files[0].modified_ms / 1000, info.st_mtim.tv_sec);
  ASSERT_OK_AND_ASSIGN(auto folders, store_->ListFolders("log", {}));
  EXPECT_THAT(folders, testing::ElementsAre("deep"));
  ASSERT_OK_AND_ASSIGN(folders, store_->ListFolders("", {}));
  EXPECT_THAT(folders, testing::ElementsAre("log"));
  ASSERT_OK_AND_ASSIGN(const auto below, store_->Below("log/deep"));
  ASSERT_OK_AND_ASSIGN(const auto text, below->Read("er/x", {}));
  EXPECT_EQ(text->ToString(), "x");
  EXPECT_EQ(below->root(), folder_ / "table/log/deep");
}

TEST_F(LocalStore, DeletesOldLeftoversAndNothingElse) {
  ASSERT_THAT(store_->Put("log/0.json", "1", {}), IsOk());
  const auto log = folder_ / "table/log/";
  const auto old = std::filesystem::file_time_type::clock::now() - std::chrono::hours(2);
  for (const std::string name :
       {".ampload-1.tmp", ".ampload-2.tmp", ".other.tmp", "part.parquet"}) {
    std::ofstream(log + name) << name;
    std::filesystem::last_write_time(log + name, old);
  }
  std::ofstream(log + ".ampload-new.tmp") << "at work";
  std::filesystem::create_directories(log + ".ampload-folder");
  std::filesystem::last_write_time(log + ".ampload-folder", old);
  const int64_t an_hour_ago = base::NowMs() - 3'600'000;
  ASSERT_OK_AND_ASSIGN(const int64_t count, store_->DeleteLeftovers("log", an_hour_ago, {}));
  EXPECT_EQ(count, 2);
  EXPECT_THAT(NamesIn(log), testing::UnorderedElementsAre("0.json", ".other.tmp", "part.parquet",
                                                          ".ampload-new.tmp", ".ampload-folder"));
  EXPECT_THAT(store_->DeleteLeftovers("nowhere", an_hour_ago, {}), IsOk());
}

TEST_F(LocalStore, DeletesWhatIsThere) {
  ASSERT_THAT(store_->Put("a", "1", {}), IsOk());
  const std::vector<std::string> paths = {"gone", "a", "no/folder"};
  ASSERT_THAT(store_->Delete(paths, {}), IsOk());
  EXPECT_TRUE(NamesIn(folder_ / "table").empty());
}

TEST_F(LocalStore, AnOutputIsThereOnlyOnceItIsClosed) {
  {
    ASSERT_OK_AND_ASSIGN(auto kept, store_->Create("x=1/a.parquet", {}));
    ASSERT_OK_AND_ASSIGN(auto forgotten, store_->Create("x=1/b.parquet", {}));
    ASSERT_OK_AND_ASSIGN(auto discarded, store_->Create("x=1/c.parquet", {}));
    for (auto* output : {kept.get(), forgotten.get(), discarded.get()}) {
      ASSERT_THAT(output->Write("some", 4), IsOk());
    }
    ASSERT_THAT(kept->Write(" more", 5), IsOk());
    EXPECT_EQ(kept->Tell().ValueOrDie(), 9);
    ASSERT_THAT(kept->Close(), IsOk());
    ASSERT_THAT(discarded->Discard(), IsOk());
    EXPECT_THAT(discarded->Write("x", 1), FailsWith(FailureKind::kPermanent, "c.parquet"));
    EXPECT_THAT(store_->Create("x=1/a.parquet", {}).status(),
                FailsWith(FailureKind::kPermanent, "a.parquet"));
  }
  EXPECT_THAT(NamesIn(folder_ / "table/x=1"), testing::ElementsAre("a.parquet"));
  ASSERT_OK_AND_ASSIGN(const auto file, store_->Open("x=1/a.parquet", {}));
  ASSERT_OK_AND_ASSIGN(const auto tail, file->ReadAt(5, 100));
  EXPECT_EQ(tail->ToString(), "more");
}

TEST_F(LocalStore, AFolderThatWasDeletedIsMadeAgain) {
  ASSERT_THAT(store_->Put("log/a", "1", {}), IsOk());
  std::filesystem::remove_all(folder_ / "table");
  ASSERT_THAT(store_->Put("log/b", "1", {}), IsOk());
  std::filesystem::remove_all(folder_ / "table");
  ASSERT_OK_AND_ASSIGN(auto output, store_->Create("log/c", {}));
  ASSERT_THAT(output->Close(), IsOk());
  EXPECT_THAT(NamesIn(folder_ / "table/log"), testing::ElementsAre("c"));
}

TEST_F(LocalStore, RefusesPathsThatLeaveIt) {
  for (const std::string path : {"", "/etc/passwd", "../x", "a/../../x", "a//b", "a/", "./a"}) {
    EXPECT_THAT(store_->Read(path, {}), FailsWith(FailureKind::kPermanent, "path=" + path));
    EXPECT_THAT(store_->PutIfAbsent(path, "x", {}), FailsWith(FailureKind::kPermanent, "path="));
    EXPECT_THAT(store_->Delete(std::vector<std::string>{path}, {}),
                FailsWith(FailureKind::kPermanent, "path="));
  }
}

TEST_F(LocalStore, NamesWhatTheSystemSays) {
  const std::string name(300, 'n');
  const auto long_name = store_->Put(name, "x", {});
  EXPECT_THAT(long_name, FailsWith(FailureKind::kPermanent, name));
  EXPECT_EQ(StoreCodeOf(long_name), "ENAMETOOLONG");

  std::ofstream(folder_ / "file") << "no folder";
  ASSERT_OK_AND_ASSIGN(const auto store, OpenObjectStore(folder_ / "file", {}, {}));
  EXPECT_EQ(StoreCodeOf(store->Put("a/b", "x", {})), "ENOTDIR");
  EXPECT_EQ(StoreCodeOf(store->CheckPutIfAbsent("", {})), "ENOTDIR");
}

TEST_F(LocalStore, AFullDiskLeavesNothingBehind) {
  ASSERT_THAT(store_->Put("log/a", "before", {}), IsOk());
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {  // a limit on the size of files ends a write like a full disk does
    ::signal(SIGXFSZ, SIG_IGN);
    const struct rlimit limit = {4096, 4096};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    const std::string much(10'000, 'x');
    const bool good = StoreCodeOf(store_->PutIfAbsent("log/b", much, {}).status()) == "EFBIG" &&
                      StoreCodeOf(store_->Put("log/a", much, {})) == "EFBIG";
    auto output = store_->Create("log/c", {}).ValueOrDie();
    const bool refused = StoreCodeOf(output->Write(much.data(), 10'000)) == "EFBIG";
    output.reset();
    ::_exit(good && refused ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  EXPECT_THAT(NamesIn(folder_ / "table/log"), testing::ElementsAre("a"));
  EXPECT_EQ(FileText(folder_ / "table/log/a"), "before");
}

TEST_F(LocalStore, StopsWhenItIsAskedTo) {
  std::stop_source stop;
  stop.request_stop();
  const CallContext context{stop.get_token(), {}};
  EXPECT_TRUE(store_->Put("a", "x", context).IsCancelled());
  EXPECT_TRUE(store_->PutIfAbsent("a", "x", context).status().IsCancelled());
  EXPECT_FALSE(std::filesystem::exists(folder_ / "table"));
}

TEST(LocalStoreProcesses, OfManyWhoPutOneNameExactlyOneWins) {
  const TempFolder folder;
  constexpr int kProcesses = 8;
  constexpr int kNames = 50;
  std::vector<pid_t> children;
  for (int process = 0; process < kProcesses; ++process) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      const auto store =
          OpenObjectStore(folder / "t", {.durability = Durability::kProcess, .s3 = {}}, {})
              .ValueOrDie();
      std::ofstream wins(folder / ("wins" + std::to_string(process)));
      for (int name = 0; name < kNames; ++name) {
        const auto bytes = std::to_string(process) + std::string(5000, 'x');
        const auto outcome = store->PutIfAbsent("log/" + std::to_string(name), bytes, {});
        if (!outcome.ok() || *outcome == PutOutcome::kUnknown) ::_exit(1);
        if (*outcome == PutOutcome::kWritten) wins << name << '\n';
      }
      wins.close();
      ::_exit(0);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  std::map<int, int> winner;
  for (int process = 0; process < kProcesses; ++process) {
    std::ifstream wins(folder / ("wins" + std::to_string(process)));
    for (int name = 0; wins >> name;) {
      EXPECT_TRUE(winner.emplace(name, process).second) << "two wrote " << name;
    }
  }
  ASSERT_EQ(winner.size(), size_t{kNames});
  for (const auto& [name, process] : winner) {
    EXPECT_EQ(FileText(folder / ("t/log/" + std::to_string(name))),
              std::to_string(process) + std::string(5000, 'x'));
  }
  EXPECT_EQ(NamesIn(folder / "t/log").size(), size_t{kNames});
}

TEST(LocalStoreProcesses, OneThatIsKilledLeavesNoHalfFile) {
  const TempFolder folder;
  const std::string text(1 << 20, 'x');
  for (int round = 0; round < 20; ++round) {
    int started[2];
    ASSERT_EQ(::pipe(started), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      const auto store =
          OpenObjectStore(folder.path(), {.durability = Durability::kProcess, .s3 = {}}, {})
              .ValueOrDie();
      for (int name = 0;; ++name) {
        const auto path = std::to_string(round) + "-" + std::to_string(name);
        if (!store->PutIfAbsent("log/" + path, text, {}).ok()) ::_exit(1);
        if (!store->Put("log/current", text, {}).ok()) ::_exit(1);
        if (::write(started[1], "x", 1) != 1) ::_exit(1);
      }
    }
    char byte = 0;  // kill at different moments of what follows
    for (int passed = 0; passed <= round; ++passed) ASSERT_EQ(::read(started[0], &byte, 1), 1);
    ASSERT_EQ(::kill(child, SIGKILL), 0);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFSIGNALED(status));
    ::close(started[0]);
    ::close(started[1]);
  }
  ASSERT_OK_AND_ASSIGN(const auto store, OpenObjectStore(folder.path(), {}, {}));
  ASSERT_OK_AND_ASSIGN(const auto files, store->List("log", "", {}));
  ASSERT_GT(files.size(), 20U);
  for (const auto& file : files) EXPECT_EQ(file.size, std::ssize(text)) << file.path;
}

TEST(OpenObjectStore, RefusesWhatIsNoFolderAndNoBucket) {
  EXPECT_THAT(OpenObjectStore("", {}, {}), FailsWith(FailureKind::kConfiguration, "folder"));
  EXPECT_THAT(OpenObjectStore("gs://bucket/x", {}, {}),
              FailsWith(FailureKind::kConfiguration, "scheme=gs"));
}

TEST(OpenObjectStore, TakesARelativeFolderFromTheCurrentOne) {
  ASSERT_OK_AND_ASSIGN(const auto store, OpenObjectStore("some/./table/", {}, {}));
  EXPECT_EQ(store->root(), (std::filesystem::current_path() / "some/table").string());
}

}  // namespace
}  // namespace ampload::lake
