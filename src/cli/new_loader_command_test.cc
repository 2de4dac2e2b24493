#include <gmock/gmock.h>

#include <fstream>
#include <set>
#include <sstream>

#include "cli/loader_skeleton.h"
#include "cli/testing/cli_fixture.h"
#include "matchers.h"

namespace ampload::cli {
namespace {

using testing::CliTest;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::Ran;

class NewLoaderCommandTest : public CliTest {
 protected:
  std::string TextOf(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(PathOf(name)).rdbuf();
    return text.str();
  }
  std::set<std::string> NamesIn(const std::string& name) const {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(PathOf(name))) {
      names.insert(entry.path().filename().string());
    }
    return names;
  }
};

TEST_F(NewLoaderCommandTest, WritesTheExampleUnderTheNewName) {
  const Ran ran = RunAmpload({"new-loader", "my_store", "--dir", PathOf("mine")});
  EXPECT_EQ(ran.status, 0) << ran.err;
  EXPECT_EQ(NamesIn("mine"),
            (std::set<std::string>{"CMakeLists.txt", "README.md", "my_store_config.h",
                                   "my_store_loader.cc", "my_store_test_config.cc"}));
  for (const auto& name : NamesIn("mine")) {
    EXPECT_THAT(TextOf("mine/" + name), Not(HasSubstr("inimal"))) << name;
  }
  EXPECT_THAT(TextOf("mine/my_store_loader.cc"), HasSubstr("class MyStoreLoader final"));
  EXPECT_THAT(TextOf("mine/my_store_loader.cc"), HasSubstr(".name = \"my_store\""));
  EXPECT_THAT(TextOf("mine/CMakeLists.txt"),
              HasSubstr("ampload_add_loader(my_store my_store_loader.cc TEST_CONFIG "
                        "my_store_test_config.cc)"));
}

TEST_F(NewLoaderCommandTest, WritesTheExampleItselfWordForWord) {
  ASSERT_EQ(RunAmpload({"new-loader", "minimal", "--dir", PathOf("same")}).status, 0);
  const char* source = std::getenv("AMPLOAD_SOURCE_DIR");
  ASSERT_NE(source, nullptr) << "set AMPLOAD_SOURCE_DIR, or run by ctest";
  const auto example = std::filesystem::path(source) / "examples" / "minimal_loader";
  for (const auto& name : NamesIn("same")) {
    if (name == "README.md") continue;
    std::ostringstream text;
    text << std::ifstream(example / name).rdbuf();
    EXPECT_EQ(TextOf("same/" + name), text.str()) << name;
  }
}

TEST_F(NewLoaderCommandTest, SaysHowToGoOn) {
  const Ran ran = RunAmpload({"new-loader", "my_store", "--dir", PathOf("with space")});
  EXPECT_THAT(ran.out, HasSubstr("5 files"));
  EXPECT_THAT(ran.out, HasSubstr("cmake --build '" + PathOf("with space/build") + "'"));
  const Ran json = RunAmpload({"new-loader", "my_store", "--dir", PathOf("b"), "--json"});
  const auto said = nlohmann::json::parse(json.out);
  EXPECT_EQ(said["folder"], PathOf("b"));
  EXPECT_EQ(said["files"].size(), 5U);
}

TEST_F(NewLoaderCommandTest, LeavesAFolderThatIsNotEmptyAlone) {
  std::filesystem::create_directory(PathOf("full"));
  WriteFile("full/notes.txt", "mine");
  const Ran ran = RunAmpload({"new-loader", "my_store", "--dir", PathOf("full")});
  EXPECT_EQ(ran.status, 2);
  EXPECT_THAT(ran.err, HasSubstr("the folder is not empty"));
  EXPECT_EQ(NamesIn("full"), (std::set<std::string>{"notes.txt"}));
  EXPECT_THAT(RunAmpload({"new-loader", "my_store", "--dir", PathOf("full/notes.txt")}).err,
              HasSubstr("there is a file of that name"));
  std::filesystem::create_directory(PathOf("empty"));
  EXPECT_EQ(RunAmpload({"new-loader", "my_store", "--dir", PathOf("empty")}).status, 0);
}

TEST_F(NewLoaderCommandTest, SaysWhyAFolderCannotBeMade) {
  const Ran ran = RunAmpload({"new-loader", "my_store", "--dir", "/proc/nowhere"});
  EXPECT_EQ(ran.status, 1);
  EXPECT_THAT(ran.err, HasSubstr("cannot make the folder: "));
  EXPECT_THAT(ran.err, HasSubstr("path=/proc/nowhere"));
}

TEST_F(NewLoaderCommandTest, RefusesTheNameOfALoaderThatIsThere) {
  const Ran ran = RunAmpload({"new-loader", "shelf", "--dir", PathOf("x")});
  EXPECT_EQ(ran.status, 2);
  EXPECT_THAT(ran.err, HasSubstr("there is a loader of that name already"));
  EXPECT_FALSE(std::filesystem::exists(PathOf("x")));
}

TEST(LoaderName, IsLowerSnake) {
  for (const char* good : {"a", "my_store", "s3_2"}) EXPECT_THAT(CheckLoaderName(good), IsOk());
  const auto refused = [](const char* name, const char* text) {
    EXPECT_THAT(CheckLoaderName(name), FailsWith(FailureKind::kConfiguration, text)) << name;
  };
  refused("MyStore", "did you mean my_store?");
  refused("my-store", "did you mean my_store?");
  refused("../up", "did you mean up?");
  refused("a__b", "did you mean a_b?");
  for (const char* bad : {"", "_a", "a_", "7a", "\xc3\xa9"}) refused(bad, "lower_snake");
  refused("test", "did you mean test_store?");
  refused("data", "did you mean data_store?");
  EXPECT_THAT(CheckLoaderName(std::string(65, 'a')),
              FailsWith(FailureKind::kConfiguration, "length=65"));
}

}  // namespace
}  // namespace ampload::cli
