// hiredis's reader, made to fill Reply values without an allocation of its own for each.
#pragma once

#include "loaders/redis/connection.h"

struct redisReader;

namespace ampload::redis {

// A reader whose every reply is built in `*into`, which its address stands for in
// redisReaderGetReply: take it out before the next call. Null: no memory. Free it with
// redisReaderFree.
redisReader* MakeReplyReader(Reply* into);

}  // namespace ampload::redis
