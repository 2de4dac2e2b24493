// TLS over a TCP socket, by OpenSSL.
#pragma once

#include <openssl/ssl.h>

#include <memory>

#include "loaders/redis/socket.h"

namespace ampload::redis {

class TlsSocket final : public Socket {
 public:
  // Takes the connected, non-blocking socket over, whatever comes out. Shakes hands until
  // `give_up`.
  static Result<std::unique_ptr<Socket>> Open(int fd, const RedisConfig& config,
                                              std::chrono::steady_clock::time_point give_up,
                                              const CallContext& context);
  ~TlsSocket() override;

  Result<Moved> Send(std::string_view bytes) override;
  Result<Moved> Receive(std::span<char> space) override;
  bool encrypted() const override { return true; }

 private:
  template <class T, void (*free)(T*)>
  struct Freed {
    void operator()(T* one) const { free(one); }
  };
  using Context = std::unique_ptr<SSL_CTX, Freed<SSL_CTX, SSL_CTX_free>>;
  using Tls = std::unique_ptr<SSL, Freed<SSL, SSL_free>>;

  explicit TlsSocket(int fd) : Socket(fd) {}

  Status Prepare(const RedisConfig& config);
  Status ShakeHands(std::chrono::steady_clock::time_point give_up, const CallContext& context);
  Result<Moved> Outcome(int answer, size_t bytes);

  Context context_;
  Tls tls_;
};

}  // namespace ampload::redis
