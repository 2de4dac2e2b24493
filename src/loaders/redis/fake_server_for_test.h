// A server that says what a test tells it to: one connection on loopback, played on a thread of its
// own. It knows nothing of the code under test.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "loaders/redis/redis_config.h"

namespace ampload::redis {

inline std::string Bulk(std::string_view text) {
  return "$" + std::to_string(text.size()) + "\r\n" + std::string(text) + "\r\n";
}

// The server's end of the connection. A side that waits for longer than a test can take gives up.
class Peer {
 public:
  explicit Peer(int fd) : fd_(fd) {
    const timeval patience{60, 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    const int on = 1;
    setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  }
  ~Peer() { Close(); }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  // The next line without its end; empty once the other side has closed.
  std::string Line() {
    while (true) {
      const size_t end = unread_.find("\r\n", at_);
      if (end != std::string::npos) {
        std::string line = unread_.substr(at_, end - at_);
        at_ = end + 2;
        return line;
      }
      if (!ReadMore()) return {};
    }
  }

  // The next command, its words with blanks between; empty once the other side has closed.
  std::string Command() {
    const std::string head = Line();
    if (head.empty()) return {};
    if (head[0] != '*') return "no command: " + head;
    std::string words;
    for (int left = std::stoi(head.substr(1)); left > 0; --left) {
      const std::string length = Line();
      if (length.empty() || length[0] != '$') return "no word: " + length;
      const size_t size = std::stoul(length.substr(1));
      while (unread_.size() - at_ < size + 2) {
        if (!ReadMore()) return {};
      }
      words += (words.empty() ? "" : " ") + unread_.substr(at_, size);
      at_ += size + 2;
    }
    return words;
  }

  // False once the other side has closed.
  bool Write(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
  }

  // Until the other side closes.
  void Drain() {
    while (ReadMore()) at_ = unread_.size();
  }

  void Close() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }

 private:
  bool ReadMore() {
    unread_.erase(0, at_);
    at_ = 0;
    char space[65536];
    const auto came = recv(fd_, space, sizeof space, 0);
    if (came <= 0) return false;
    unread_.append(space, static_cast<size_t>(came));
    return true;
  }

  int fd_;
  std::string unread_;
  size_t at_ = 0;
};

class FakeServer {
 public:
  explicit FakeServer(std::function<void(Peer&)> play)
      : listener_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(listen(listener_, 1), 0);
    socklen_t size = sizeof address;
    EXPECT_EQ(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this, play = std::move(play)] {
      const int fd = accept(listener_, nullptr, nullptr);
      if (fd < 0) return;
      Peer peer(fd);
      play(peer);
    });
  }
  ~FakeServer() {
    shutdown(listener_, SHUT_RDWR);  // where nobody came
    thread_.join();
    close(listener_);
  }
  FakeServer(const FakeServer&) = delete;
  FakeServer& operator=(const FakeServer&) = delete;

  RedisConfig config(ConfigMap options = {}) const {
    options.emplace("host", "127.0.0.1");
    options.emplace("port", std::to_string(port_));
    auto parsed = ParseRedisConfig(options);
    EXPECT_TRUE(parsed.ok()) << parsed.status().ToString();
    return parsed.ValueOr(RedisConfig());
  }

 private:
  int listener_;
  int port_ = 0;
  std::thread thread_;
};

// As `redis-cli INFO` of a Redis 7.0.15 has them, but for what nobody reads.
inline std::string InfoText(const std::string& more = "") {
  return "# Server\r\nredis_version:7.0.15\r\nredis_mode:standalone\r\nrun_id:abc\r\n"
         "\r\n# Memory\r\nmaxmemory:1048576\r\nmaxmemory_policy:noeviction\r\n"
         "\r\n# Persistence\r\nloading:0\r\naof_enabled:1\r\n"
         "\r\n# Replication\r\nrole:master\r\n\r\n# Cluster\r\ncluster_enabled:0\r\n" +
         more;
}

// What a server answers to a client that names itself, asks for its id, INFO and the option `save`.
inline std::string Welcome(const std::string& info = InfoText()) {
  return "+OK\r\n:7\r\n" + Bulk(info) + "*2\r\n" + Bulk("save") + Bulk("3600 1");
}

inline void Greet(Peer& peer) {
  for (int i = 0; i < 4; ++i) peer.Command();
  peer.Write(Welcome());
}

}  // namespace ampload::redis
