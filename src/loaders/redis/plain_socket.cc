#include "loaders/redis/plain_socket.h"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace ampload::redis {
namespace {

// What a system call answered: bytes, nothing yet, the end, or a failure.
Result<Socket::Moved> Outcome(ssize_t moved, short wait_for) {
  if (moved >= 0) return Socket::Moved{static_cast<size_t>(moved), 0, false};
  if (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR) {
    return Socket::Moved{0, wait_for, false};
  }
  if (errno == EPIPE || errno == ECONNRESET) return Socket::Moved{0, 0, true};
  return TransientError(std::strerror(errno));
}

}  // namespace

Result<Socket::Moved> PlainSocket::Send(std::string_view bytes) {
  return Outcome(send(fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT), POLLOUT);
}

Result<Socket::Moved> PlainSocket::Receive(std::span<char> space) {
  const ssize_t moved = recv(fd(), space.data(), space.size(), MSG_DONTWAIT);
  if (moved == 0) return Moved{0, 0, true};
  return Outcome(moved, POLLIN);
}

}  // namespace ampload::redis
