#include "loaders/redis/socket.h"

#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "loaders/redis/plain_socket.h"
#include "loaders/redis/tls_socket.h"

namespace ampload::redis {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// A file descriptor until somebody takes it.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&&) = delete;
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

bool WaitOn(int fd, short events, milliseconds at_most) {
  pollfd one{fd, events, 0};
  return poll(&one, 1, static_cast<int>(at_most.count())) > 0;
}

steady_clock::time_point GiveUpAfter(int64_t ms) {
  if (ms <= 0) return steady_clock::time_point::max();
  return steady_clock::now() + milliseconds(ms);
}

Status Refused(int error) {
  return TransientError(std::strerror(error) + std::string(error == ECONNREFUSED || error == ENOENT
                                                               ? "; is the server running there?"
                                                               : ""));
}

// OK once connected. `error` is what connect() left.
Status Await(int fd, int error, steady_clock::time_point give_up, const CallContext& context) {
  constexpr milliseconds kSlice(100);
  if (error != EINPROGRESS) return Refused(error);
  while (true) {
    ARROW_RETURN_NOT_OK(context.Check());
    if (WaitOn(fd, POLLOUT, kSlice)) break;
    if (steady_clock::now() > give_up) {
      return TransientError(
          "no answer; look at the address, a firewall, or the option connect_timeout");
    }
  }
  int outcome = 0;
  socklen_t size = sizeof outcome;
  if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &outcome, &size) != 0) outcome = errno;
  return outcome == 0 ? Status::OK() : Refused(outcome);
}

// A dead server is noticed within two minutes, whatever the kernel's defaults are.
void TuneTcp(int fd) {
  const std::pair<int, int> settings[] = {{TCP_NODELAY, 1},
                                          {TCP_KEEPIDLE, 30},
                                          {TCP_KEEPINTVL, 10},
                                          {TCP_KEEPCNT, 3},
                                          {TCP_USER_TIMEOUT, 90'000}};
  for (const auto& [name, value] : settings) {
    setsockopt(fd, IPPROTO_TCP, name, &value, sizeof value);
  }
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
}

Result<Descriptor> ConnectTo(int family, const sockaddr* address, socklen_t size,
                             steady_clock::time_point give_up, const CallContext& context) {
  Descriptor fd(socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (fd.get() < 0) return TransientError(std::strerror(errno));
  if (family != AF_UNIX) TuneTcp(fd.get());
  if (connect(fd.get(), address, size) != 0) {
    ARROW_RETURN_NOT_OK(Await(fd.get(), errno, give_up, context));
  }
  return fd;
}

Result<std::unique_ptr<Socket>> OpenUnix(const RedisConfig& config, const CallContext& context) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (config.socket.size() >= sizeof address.sun_path) {
    return ConfigurationError("the socket's path is longer than " +
                              std::to_string(sizeof address.sun_path - 1) + " bytes");
  }
  std::copy(config.socket.begin(), config.socket.end(), address.sun_path);
  auto fd = ConnectTo(AF_UNIX, reinterpret_cast<const sockaddr*>(&address), sizeof address,
                      GiveUpAfter(config.connect_timeout), context);
  if (!fd.ok() && access(config.socket.c_str(), F_OK) == 0 &&
      access(config.socket.c_str(), W_OK) != 0) {
    return ConfigurationError("no right to write to the socket");
  }
  ARROW_RETURN_NOT_OK(fd);
  return std::make_unique<PlainSocket>(fd->release());
}

using Addresses = std::unique_ptr<addrinfo, decltype(&freeaddrinfo)>;

Result<Addresses> Resolve(const RedisConfig& config) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int error =
      getaddrinfo(config.host.c_str(), std::to_string(config.port).c_str(), &hints, &found);
  if (error == 0) return Addresses(found, freeaddrinfo);
  const std::string why = std::string("the host's address is not to be had: ") +
                          (error == EAI_SYSTEM ? std::strerror(errno) : gai_strerror(error));
  if (error == EAI_NONAME || error == EAI_NODATA) return ConfigurationError(why);
  return TransientError(why);
}

Result<std::unique_ptr<Socket>> OpenTcp(const RedisConfig& config, const CallContext& context) {
  ARROW_ASSIGN_OR_RAISE(const auto addresses, Resolve(config));
  Status failure;
  for (const auto* one = addresses.get(); one != nullptr; one = one->ai_next) {
    const auto give_up = GiveUpAfter(config.connect_timeout);
    auto fd = ConnectTo(one->ai_family, one->ai_addr, one->ai_addrlen, give_up, context);
    if (!fd.ok()) {
      failure = fd.status();
    } else if (!config.tls) {
      return std::make_unique<PlainSocket>(fd->release());
    } else {
      auto tls = TlsSocket::Open(fd->release(), config, give_up, context);
      if (tls.ok() || KindOf(tls.status()) == FailureKind::kConfiguration) return tls;
      failure = tls.status();
    }
    if (failure.IsCancelled()) return failure;
  }
  return failure;
}

}  // namespace

std::string WhereOf(const RedisConfig& config) {
  if (!config.socket.empty()) return config.socket;
  const bool has_colon = config.host.find(':') != std::string::npos;
  return (has_colon ? "[" + config.host + "]" : config.host) + ":" + std::to_string(config.port);
}

Result<std::unique_ptr<Socket>> Socket::Open(const RedisConfig& config,
                                             const CallContext& context) {
  ARROW_RETURN_NOT_OK(context.Check());
  return config.socket.empty() ? OpenTcp(config, context) : OpenUnix(config, context);
}

Socket::~Socket() { close(fd_); }

bool Socket::Wait(short events, milliseconds at_most) const { return WaitOn(fd_, events, at_most); }

}  // namespace ampload::redis
