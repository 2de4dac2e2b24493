#include "loaders/postgresql/backends.h"

#include <gtest/gtest.h>

namespace ampload::postgresql {
namespace {

TEST(BackendHandle, IsReadBackFromItsText) {
  const BackendHandle handle{812, "2026-01-02T03:04:05.000006Z",
                             "pid 71 on box since 2026-01-02T03:04:05Z"};
  EXPECT_EQ(handle.ToText(),
            "pid 71 on box since 2026-01-02T03:04:05Z; server process 812 since "
            "2026-01-02T03:04:05.000006Z");
  const auto read = BackendHandle::Parse(handle.ToText());
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->pid, 812);
  EXPECT_EQ(read->started, handle.started);
  EXPECT_EQ(read->holder, handle.holder);
}

TEST(BackendHandle, BehindAPoolerNamesNoServerProcess) {
  const BackendHandle handle{0, "", "pid 71 on box since 2026-01-02T03:04:05Z"};
  EXPECT_EQ(handle.ToText(), handle.holder);
  EXPECT_FALSE(BackendHandle::Parse(handle.ToText()).has_value());
}

TEST(BackendHandle, IsNotReadFromOtherTexts) {
  for (const char* text : {"", "pid 7", "x; server process ", "x; server process 12",
                           "x; server process twelve since now"}) {
    EXPECT_FALSE(BackendHandle::Parse(text).has_value()) << text;
  }
}

}  // namespace
}  // namespace ampload::postgresql
