// What a checkpoint says of a stream's place, for a person and for a program. Pure.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "ampload/checkpoint.h"

namespace ampload::cli {

// How many entries a person is shown.
inline constexpr size_t kShownEntries = 10;

// The batches that may be taken back, newest first, and the ones below them that may not:
//
//   live: the newest 128 blocks may be taken back; newest batch 2026-01-02T03:04:05.678Z
//               BATCH   ROWS  BLOCKS           HASH
//   58212345678901234  1,204  mainnet 30..41   0x2f9ac13a…
//   58212345678900000     17  mainnet 20..29   0x77ab0912…  final
//   ... 3 more
//
// Empty where the checkpoint has no ladder. A width of 0 cuts nothing.
std::string LadderText(const Checkpoint& checkpoint, int width);

// All of its entries, newest first: batch_id, time, rows, final, ranges.
nlohmann::ordered_json LadderJson(const Checkpoint& checkpoint);

}  // namespace ampload::cli
