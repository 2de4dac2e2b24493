#include "loaders/redis/command_buffer.h"

#include <charconv>

namespace ampload::redis {

void CommandBuffer::Head(char kind, size_t number) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  bytes_ += kind;
  bytes_.append(digits, end);
  bytes_ += "\r\n";
}

void CommandBuffer::Begin(size_t words) {
  Head('*', words);
  ++count_;
}

void CommandBuffer::Word(std::string_view word) {
  Head('$', word.size());
  bytes_ += word;
  bytes_ += "\r\n";
}

void CommandBuffer::Add(std::span<const std::string_view> words) {
  Begin(words.size());
  for (const auto word : words) Word(word);
}

void CommandBuffer::Append(const CommandBuffer& more) {
  bytes_ += more.bytes_;
  count_ += more.count_;
}

void CommandBuffer::Clear() {
  bytes_.clear();
  count_ = 0;
}

}  // namespace ampload::redis
