#include "loaders/redis/reply_reader.h"

#include <hiredis/read.h>

#include <new>

namespace ampload::redis {
namespace {

// More elements than any answer to a command of ours has: a length that is none.
constexpr int kMostElements = 1 << 22;

// Where the value of a task goes: into its array's place, or the root.
Reply* PlaceOf(const redisReadTask* task) {
  if (task->parent == nullptr) {
    auto* root = static_cast<Reply*>(task->privdata);
    *root = Reply();
    return root;
  }
  auto* parent = static_cast<Reply*>(task->parent->obj);
  return &parent->elements[static_cast<size_t>(task->idx)];
}

// Called from C, which no exception may cross: null says that there is no memory.
void* CreateText(const redisReadTask* task, char* text, size_t size) {
  try {
    Reply* reply = PlaceOf(task);
    reply->kind = task->type == REDIS_REPLY_ERROR    ? Reply::Kind::kError
                  : task->type == REDIS_REPLY_STATUS ? Reply::Kind::kStatus
                                                     : Reply::Kind::kText;
    reply->text.assign(text, size);
    return reply;
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

void* CreateArray(const redisReadTask* task, int size) {
  if (size > kMostElements) return nullptr;
  try {
    Reply* reply = PlaceOf(task);
    reply->kind = Reply::Kind::kArray;
    reply->elements.resize(static_cast<size_t>(size));
    return reply;
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

void* CreateInteger(const redisReadTask* task, long long number) {
  Reply* reply = PlaceOf(task);
  reply->kind = Reply::Kind::kInteger;
  reply->integer = number;
  return reply;
}

void* CreateNil(const redisReadTask* task) {
  Reply* reply = PlaceOf(task);
  reply->kind = Reply::Kind::kNil;
  return reply;
}

}  // namespace

redisReader* MakeReplyReader(Reply* into) {
  static redisReplyObjectFunctions functions = {CreateText, CreateArray, CreateInteger, CreateNil,
                                                [](void* /*lives elsewhere*/) {}};
  redisReader* reader = redisReaderCreateWithFunctions(&functions);
  if (reader == nullptr) return nullptr;
  reader->privdata = into;
  reader->maxbuf = 1 << 20;  // kept between replies
  return reader;
}

}  // namespace ampload::redis
