// Bytes as they are, over TCP or a unix socket.
#pragma once

#include "loaders/redis/socket.h"

namespace ampload::redis {

class PlainSocket final : public Socket {
 public:
  explicit PlainSocket(int fd) : Socket(fd) {}

  Result<Moved> Send(std::string_view bytes) override;
  Result<Moved> Receive(std::span<char> space) override;
  bool encrypted() const override { return false; }
};

}  // namespace ampload::redis
