#include "pipeline/progress.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <stdlib.h>
#include <unistd.h>

#include "matchers.h"
#include "pipeline/progress_text.h"

namespace ampload::pipeline {
namespace {

TEST(HumanCount, CutsAndNeverRoundsUp) {
  EXPECT_EQ(HumanCount(0), "0");
  EXPECT_EQ(HumanCount(999), "999");
  EXPECT_EQ(HumanCount(1000), "1.0k");
  EXPECT_EQ(HumanCount(1299), "1.2k");
  EXPECT_EQ(HumanCount(99'999), "99.9k");
  EXPECT_EQ(HumanCount(812'999), "812k");
  EXPECT_EQ(HumanCount(999'999), "999k");
  EXPECT_EQ(HumanCount(1'999'999), "1.9M");
  EXPECT_EQ(HumanCount(2'000'000), "2.0M");
  EXPECT_EQ(HumanCount(INT64_MAX), "9223372T");
}

TEST(HumanBytes, CountsInPowersOf1024) {
  EXPECT_EQ(HumanBytes(1023), "1023 B");
  EXPECT_EQ(HumanBytes(1024), "1.0 KiB");
  EXPECT_EQ(HumanBytes(64 << 20), "64.0 MiB");
  EXPECT_EQ(HumanBytes((int64_t{1} << 30) - 1), "1023 MiB");
}

TEST(HumanDuration, GrowsFromMinutesToHours) {
  EXPECT_EQ(HumanDuration(0), "0:00");
  EXPECT_EQ(HumanDuration(2.9), "0:02");
  EXPECT_EQ(HumanDuration(754), "12:34");
  EXPECT_EQ(HumanDuration(3723), "1:02:03");
  EXPECT_EQ(HumanDuration(-1), "0:00");
  EXPECT_EQ(HumanDuration(1e300), "99:59:59");
}

constexpr LoadProgress kHalfWay = {.rows_staged = 1'200'000, .seconds = 1.5};
constexpr char kWhole[] = "logs  1.2M of 2.0M rows  800k rows/s  0:01  eta 0:01";

TEST(ProgressText, TellsRowsRateTimeAndEta) {
  EXPECT_EQ(ProgressText("logs", kHalfWay, 2'000'000, 200), kWhole);
}

TEST(ProgressText, LeavesOutWhatItDoesNotKnow) {
  EXPECT_EQ(ProgressText("logs", kHalfWay, std::nullopt, 200),
            "logs  1.2M rows  800k rows/s  0:01");
  EXPECT_EQ(ProgressText("logs", kHalfWay, 5, 200), "logs  1.2M rows  800k rows/s  0:01")
      << "a total that was passed is no total";
  EXPECT_EQ(ProgressText("logs", {}, 2'000'000, 200), "logs  0 of 2.0M rows  0:00");
}

TEST(ProgressText, SaysWhenItCommits) {
  auto progress = kHalfWay;
  progress.committing = true;
  EXPECT_EQ(ProgressText("logs", progress, 1'200'000, 200),
            "logs  1.2M rows  committing  800k rows/s  0:01");
}

TEST(ProgressText, GivesUpTheLeastImportantFirstWhenNarrow) {
  const auto at = [](int64_t width) { return ProgressText("logs", kHalfWay, 2'000'000, width); };
  EXPECT_EQ(at(sizeof(kWhole) - 1), kWhole);
  EXPECT_EQ(at(sizeof(kWhole) - 2), "logs  1.2M of 2.0M rows  800k rows/s  eta 0:01");
  EXPECT_EQ(at(40), "logs  1.2M of 2.0M rows  eta 0:01");
  EXPECT_EQ(at(30), "logs  1.2M of 2.0M rows");
  EXPECT_EQ(at(9), "logs  1.2");
  EXPECT_EQ(at(0), "");
}

TEST(ProgressText, CutsBetweenCharactersAndDefusesControlOnes) {
  EXPECT_EQ(ProgressText("\xC3\xA4\xC3\xA4\xC3\xA4", kHalfWay, {}, 2), "\xC3\xA4\xC3\xA4");
  EXPECT_EQ(ProgressText("a\x1b[2J\n", kHalfWay, {}, 7), "a?[2J? ");
}

// A terminal of a given width, and what was written to it.
class Terminal {
 public:
  explicit Terminal(unsigned short columns) {
    setenv("TERM", "xterm", 1);
    winsize size{.ws_row = 24, .ws_col = columns, .ws_xpixel = 0, .ws_ypixel = 0};
    EXPECT_EQ(openpty(&reader_, &fd_, nullptr, nullptr, &size), 0);
    EXPECT_EQ(fcntl(reader_, F_SETFL, O_NONBLOCK), 0);
  }
  ~Terminal() {
    close(fd_);
    close(reader_);
  }
  int fd() const { return fd_; }
  std::string Written() const {
    char buffer[4096];
    const ssize_t n = read(reader_, buffer, sizeof(buffer));
    return {buffer, n > 0 ? static_cast<size_t>(n) : 0};
  }

 private:
  int reader_ = -1;
  int fd_ = -1;
};

TEST(ProgressLine, RewritesOneLineAndClearsIt) {
  const Terminal terminal(100);
  {
    ProgressLine line("logs", 2'000'000, {.fd = terminal.fd(), .color = false});
    line.Show(kHalfWay);
    EXPECT_EQ(terminal.Written(), std::string("\r") + kWhole + "\x1b[K");
  }
  EXPECT_EQ(terminal.Written(), "\r\x1b[K");
}

TEST(ProgressLine, NeverFillsTheLastColumn) {
  const Terminal terminal(10);
  ProgressLine line("logs", {}, {.fd = terminal.fd(), .color = false});
  line.Show(kHalfWay);
  EXPECT_EQ(terminal.Written(), "\rlogs  1.2\x1b[K");
}

TEST(ProgressLine, ShowsAtMostTenASecondButAlwaysTheCommit) {
  const Terminal terminal(100);
  ProgressLine line("logs", {}, {.fd = terminal.fd(), .color = false});
  line.Show({.seconds = 1.0});
  EXPECT_NE(terminal.Written(), "");
  line.Show({.seconds = 1.09});
  EXPECT_EQ(terminal.Written(), "");
  line.Show({.seconds = 1.11});
  EXPECT_NE(terminal.Written(), "");
  line.Show({.seconds = 1.12, .committing = true});
  EXPECT_NE(terminal.Written(), "");
}

TEST(ProgressLine, IsBoldOnlyWhereColorIsWanted) {
  const Terminal terminal(100);
  ProgressLine line("logs", 2'000'000, {.fd = terminal.fd()});
  line.Show(kHalfWay);
  EXPECT_EQ(terminal.Written(), std::string("\r\x1b[1mlogs\x1b[0m") + (kWhole + 4) + "\x1b[K");
}

TEST(ProgressLine, IsSilentWhenQuietOrOnADumbTerminal) {
  const Terminal terminal(100);
  ProgressLine quiet("logs", {}, {.fd = terminal.fd(), .quiet = true});
  quiet.Show(kHalfWay);
  setenv("TERM", "dumb", 1);
  ProgressLine dumb("logs", {}, {.fd = terminal.fd()});
  dumb.Show(kHalfWay);
  EXPECT_EQ(terminal.Written(), "");
}

TEST(ProgressLine, IsSilentInAPipe) {
  int ends[2];
  ASSERT_EQ(pipe2(ends, O_NONBLOCK), 0);
  {
    ProgressLine line("logs", {}, {.fd = ends[1]});
    line.Show(kHalfWay);
  }
  char byte = 0;
  EXPECT_EQ(read(ends[0], &byte, 1), -1);
  close(ends[0]);
  close(ends[1]);
}

}  // namespace
}  // namespace ampload::pipeline
