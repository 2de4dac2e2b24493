#include "cli/ladder_view.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

#include "cli/amounts.h"
#include "cli/moment_text.h"
#include "cli/text.h"
#include "cli/text_table.h"
#include "loader/block_range_json.h"
#include "stream/undo_set.h"

namespace ampload::cli {
namespace {

using nlohmann::ordered_json;

constexpr int kHashWidth = 11;  // "0x", eight digits, "…"

// A batch's id has the time at which it began.
std::string TimeOf(BatchId batch) {
  return TimestampText(batch.tick(), arrow::TimeUnit::MILLI, /*utc=*/true);
}

// Not known of a checkpoint that no stream wrote.
bool IsFinal(const Checkpoint& checkpoint, const LadderEntry& entry) {
  return checkpoint.retention_blocks > 0 &&
         stream::IsFinal(entry, checkpoint.highest_end, checkpoint.retention_blocks);
}

std::vector<std::string> Cells(const Checkpoint& checkpoint, const LadderEntry& entry) {
  std::vector<std::string> blocks;
  std::vector<std::string> hashes;
  for (const auto& range : entry.ranges) {
    blocks.push_back(fmt::format("{} {}..{}", range.network, range.start.value, range.end.value));
    hashes.push_back(CutToWidth(range.hash, kHashWidth));
  }
  return {std::to_string(entry.batch.value()), CountText(entry.rows),
          fmt::format("{}", fmt::join(blocks, ", ")), fmt::format("{}", fmt::join(hashes, ", ")),
          IsFinal(checkpoint, entry) ? "final" : ""};
}

}  // namespace

std::string LadderText(const Checkpoint& checkpoint, int width) {
  const auto& ladder = checkpoint.ladder;
  if (ladder.empty()) return "";
  std::string title = checkpoint.pipeline + ":";
  if (checkpoint.retention_blocks > 0) {
    title +=
        fmt::format(" the newest {} {} may be taken back;", CountText(checkpoint.retention_blocks),
                    checkpoint.retention_blocks == 1 ? "block" : "blocks");
  }
  title += " newest batch " + TimeOf(ladder.back().batch);
  TextTable text({{"BATCH", Align::kRight}, {"ROWS", Align::kRight}, {"BLOCKS"}, {"HASH"}, {""}});
  const size_t shown = std::min(ladder.size(), kShownEntries);
  std::for_each(ladder.rbegin(), ladder.rbegin() + static_cast<ptrdiff_t>(shown),
                [&](const auto& entry) { text.AddRow(Cells(checkpoint, entry)); });
  std::string lines = EscapeControls(title) + "\n" + text.Print(width);
  if (shown < ladder.size()) {
    lines += fmt::format("... {} more\n", CountText(static_cast<int64_t>(ladder.size() - shown)));
  }
  return lines;
}

ordered_json LadderJson(const Checkpoint& checkpoint) {
  auto list = ordered_json::array();
  std::for_each(checkpoint.ladder.rbegin(), checkpoint.ladder.rend(), [&](const auto& entry) {
    auto ranges = ordered_json::array();
    for (const auto& range : entry.ranges) {
      ranges += ToJsonObject(range);
    }
    list += ordered_json{{"batch_id", entry.batch.value()},
                         {"time", TimeOf(entry.batch)},
                         {"rows", entry.rows},
                         {"final", IsFinal(checkpoint, entry)},
                         {"ranges", std::move(ranges)}};
  });
  return list;
}

}  // namespace ampload::cli
