// A TCP relay that can be cut, or swallow everything, as a network does.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <thread>

namespace ampload::source {

// For one connection to a port of loopback.
class RelayForTest {
 public:
  explicit RelayForTest(int port) : upstream_(port) {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = Loopback(0);
    socklen_t size = sizeof(address);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    EXPECT_EQ(bind(listener_, generic, size), 0);
    EXPECT_EQ(listen(listener_, 1), 0);
    EXPECT_EQ(getsockname(listener_, generic, &size), 0);
    port_ = ntohs(address.sin_port);
    EXPECT_EQ(pipe(wake_.data()), 0);
    thread_ = std::thread([this] { Run(); });
  }
  ~RelayForTest() { Cut(); }
  RelayForTest(const RelayForTest&) = delete;
  RelayForTest& operator=(const RelayForTest&) = delete;

  int port() const { return port_; }

  // From now on nothing gets through, in either direction, and nobody is told.
  void Swallow() {
    swallow_ = true;
    Wake();
  }

  // Ends the connection, without a word on a higher level.
  void Cut() {
    if (!thread_.joinable()) return;
    cut_ = true;
    Wake();
    thread_.join();
    close(listener_);
    for (const int end : wake_) close(end);
  }

 private:
  static sockaddr_in Loopback(int port) {
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
  }

  void Wake() { EXPECT_EQ(write(wake_[1], "x", 1), 1); }

  void Run() {
    std::array<pollfd, 2> first = {pollfd{listener_, POLLIN, 0}, pollfd{wake_[0], POLLIN, 0}};
    while (!cut_ && (first[0].revents & POLLIN) == 0) poll(first.data(), first.size(), -1);
    if (cut_) return;
    const int client = accept(listener_, nullptr, nullptr);
    const int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = Loopback(upstream_);
    if (connect(server, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0) {
      Forward(client, server);
    }
    close(client);
    close(server);
  }

  void Forward(int client, int server) {
    std::array<pollfd, 3> ends = {pollfd{wake_[0], POLLIN, 0}, pollfd{client, POLLIN, 0},
                                  pollfd{server, POLLIN, 0}};
    while (!cut_) {
      poll(ends.data(), swallow_ ? 1 : ends.size(), -1);
      if ((ends[0].revents & POLLIN) != 0) {
        char word = 0;
        if (read(wake_[0], &word, 1) != 1) return;
        continue;
      }
      if (ends[1].revents != 0 && !Copy(client, server)) return;
      if (ends[2].revents != 0 && !Copy(server, client)) return;
    }
  }

  static bool Copy(int from, int to) {
    std::array<char, 65536> bytes;
    const ssize_t count = recv(from, bytes.data(), bytes.size(), 0);
    if (count <= 0) return false;
    for (ssize_t sent = 0; sent < count;) {
      const ssize_t done =
          send(to, bytes.data() + sent, static_cast<size_t>(count - sent), MSG_NOSIGNAL);
      if (done <= 0) return false;
      sent += done;
    }
    return true;
  }

  int upstream_;
  int listener_ = -1;
  int port_ = 0;
  std::array<int, 2> wake_ = {-1, -1};
  std::atomic<bool> swallow_ = false;
  std::atomic<bool> cut_ = false;
  std::thread thread_;
};

}  // namespace ampload::source
