// A server's error replies as ours. The code is the reply's first word (WRONGTYPE, OOM, READONLY,
// NOAUTH ...), which decides the kind; StoreCodeOf has it.
#pragma once

#include <string>
#include <string_view>

#include "ampload/status.h"

namespace ampload::redis {

// `doing`: what for, with place and values: "cannot write a row: table=logs key=logs:7 row=7".
//   LOADING, BUSY, TRYAGAIN, MASTERDOWN, CLUSTERDOWN, NOREPLICAS   transient
//   READONLY            transient (a failover moves the primary) and says so
//   OOM, MISCONF, NOPERM  permanent, with what to do
//   NOAUTH, WRONGPASS   configuration
//   WRONGTYPE           data
//   MOVED, ASK, CROSSSLOT  configuration: a cluster
//   anything else       permanent
Status FromReply(std::string_view error, std::string_view doing);

// "WRONGTYPE" of "WRONGTYPE Operation against ...".
std::string_view CodeOf(std::string_view error);

// An error's text for a person: without the words that a server quotes of what it was sent.
std::string ShownError(std::string_view error);

}  // namespace ampload::redis
