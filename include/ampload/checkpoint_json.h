// Checkpoint as versioned JSON, the form that every store keeps.
//
//   {"version":1,"table":..,"pipeline":..,"owner":..,"epoch":3,"sequence":17,"slot":0,"last_batch_id":..,
//    "source_position":..,"store_handle":..,"table_identity":..,"schema_fingerprint":..,
//    "options_fingerprint":..,"highest_end":{"mainnet":123},"retention_blocks":128,"rows_total":..,"checksum":..,
//    "ladder":[{"batch_id":..,"rows":..,"ranges":[{"network":..,"start":..,"end":..,"hash":..,"prev_hash":..}]}]}
#pragma once

#include <string>
#include <string_view>

#include "ampload/checkpoint.h"
#include "ampload/status.h"

namespace ampload {

std::string ToJson(const Checkpoint& checkpoint);

// Refuses, with a permanent failure that says what to do: damaged JSON, a missing or mistyped key,
// a newer version. Unknown keys of version 1 are ignored.
Result<Checkpoint> CheckpointFromJson(std::string_view text);

}  // namespace ampload
