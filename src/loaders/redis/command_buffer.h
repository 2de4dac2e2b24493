// Commands in RESP, the form in which a server takes them, end to end in one string.
//
//   CommandBuffer commands;
//   commands.Add({"HSET", key, "field", value});
//   connection.Send(commands.bytes(), commands.count(), handler, context);
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

namespace ampload::redis {

class CommandBuffer {
 public:
  void Add(std::initializer_list<std::string_view> words) {
    Add(std::span<const std::string_view>(words.begin(), words.size()));
  }
  void Add(std::span<const std::string_view> words);

  // One command in pieces: Begin, then exactly so many Words.
  void Begin(size_t words);
  void Word(std::string_view word);

  void Append(const CommandBuffer& more);

  std::string_view bytes() const { return bytes_; }
  int64_t count() const { return count_; }
  bool empty() const { return count_ == 0; }
  void Clear();  // keeps the memory

 private:
  void Head(char kind, size_t number);

  std::string bytes_;
  int64_t count_ = 0;
};

}  // namespace ampload::redis
