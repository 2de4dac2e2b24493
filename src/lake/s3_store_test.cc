#include <arpa/inet.h>
#include <arrow/buffer.h>
#include <arrow/builder.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <random>
#include <thread>

#include "lake/object_store.h"
#include "lake/rolling_writer.h"
#include "matchers.h"
#include "temp_folder.h"

namespace ampload::lake {
namespace {

constexpr auto kDrop = "";  // an answer that never comes: the connection is closed

struct Request {
  std::string head;  // "PUT /bucket/key HTTP/1.1" and headers
  std::string body;
  bool Is(std::string_view text) const { return head.find(text) != std::string::npos; }
};

std::string Reply(const std::string& status, const std::string& body = "") {
  return "HTTP/1.1 " + status + "\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\nConnection: close\r\n\r\n" + body;
}

std::string Error(const std::string& status, const std::string& code) {
  return Reply(status, "<Error><Code>" + code + "</Code><Message>said so</Message></Error>");
}

// Answers one request a connection, as it is told to.
class FakeS3 {
 public:
  using Answer = std::function<std::string(const Request& request)>;

  explicit FakeS3(Answer answer) : answer_(std::move(answer)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = ::htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    auto* any = reinterpret_cast<struct sockaddr*>(&address);
    EXPECT_EQ(::bind(listener_, any, size), 0);
    EXPECT_EQ(::listen(listener_, 16), 0);
    EXPECT_EQ(::getsockname(listener_, any, &size), 0);
    port_ = ::ntohs(address.sin_port);
    thread_ = std::thread([this] { Serve(); });
  }
  ~FakeS3() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }

  std::string endpoint() const { return "http://127.0.0.1:" + std::to_string(port_); }
  int requests() const { return requests_; }

 private:
  void Serve() {
    for (int peer = ::accept(listener_, nullptr, nullptr); peer >= 0;
         peer = ::accept(listener_, nullptr, nullptr)) {
      Request request;
      if (Receive(peer, &request)) {
        ++requests_;
        const auto reply = answer_(request);
        EXPECT_EQ(::send(peer, reply.data(), reply.size(), MSG_NOSIGNAL), std::ssize(reply));
      }
      ::close(peer);
    }
  }

  static bool Receive(int peer, Request* request) {
    std::string text;
    size_t end = std::string::npos;
    size_t length = 0;
    while (end == std::string::npos || text.size() < end + 4 + length) {
      char part[4096];
      const ssize_t got = ::recv(peer, part, sizeof(part), 0);
      if (got <= 0) return false;
      text.append(part, static_cast<size_t>(got));
      if (end == std::string::npos && (end = text.find("\r\n\r\n")) != std::string::npos) {
        const size_t at = text.find("Content-Length: ");
        if (at < end) length = std::strtoul(text.c_str() + at + 16, nullptr, 10);
      }
    }
    request->head = text.substr(0, end);
    request->body = text.substr(end + 4);
    return true;
  }

  Answer answer_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<int> requests_ = 0;
  std::thread thread_;
};

std::shared_ptr<ObjectStore> StoreAt(const std::string& endpoint,
                                     const std::string& location = "s3://bucket/lake/t",
                                     int64_t retry_for_ms = 2'000) {
  StoreSettings settings;
  settings.s3.region = "us-east-1";
  settings.s3.endpoint = endpoint;
  settings.s3.access_key = "key";
  settings.s3.secret_key = "hidden";
  settings.s3.request_timeout_ms = 1'000;
  settings.s3.connect_timeout_ms = 1'000;
  settings.s3.retry_for_ms = retry_for_ms;
  return OpenObjectStore(location, settings, {}).ValueOrDie();
}

TEST(S3Store, RefusesCredentialsAndServersInALocation) {
  for (const std::string location : {"s3://", "s3:///x", "s3://hidden@b/x", "s3://b:9000/x",
                                     "s3://b?secret_key=hidden", "s3://b/a//c", "s3://b/../c"}) {
    const auto store = OpenObjectStore(location, {}, {});
    EXPECT_THAT(store, FailsWith(FailureKind::kConfiguration, "S3")) << location;
    EXPECT_EQ(store.status().message().find("hidden"), std::string::npos);
  }
}

TEST(S3Store, SaysThatAccessIsDeniedAtOnce) {
  FakeS3 server([](const Request&) { return Error("403 Forbidden", "SignatureDoesNotMatch"); });
  const auto store = StoreAt(server.endpoint());
  for (const auto& status :
       {store->Put("a", "x", {}), store->PutIfAbsent("a", "x", {}).status(),
        store->Read("a", {}).status(), store->List("", "", {}).status(),
        store->Delete(std::vector<std::string>{"a"}, {}), store->CheckPutIfAbsent("", {})}) {
    EXPECT_THAT(status, FailsWith(FailureKind::kPermanent, "AWS_ACCESS_KEY_ID"));
    EXPECT_THAT(status, FailsWith(FailureKind::kPermanent, "403 SignatureDoesNotMatch: said so"));
    EXPECT_EQ(StoreCodeOf(status), "403");
    EXPECT_EQ(status.message().find("hidden"), std::string::npos);
  }
  EXPECT_EQ(server.requests(), 7);  // the check takes its probe away
}

TEST(S3Store, SaysThatABucketIsNotThere) {
  FakeS3 server([](const Request&) { return Error("404 Not Found", "NoSuchBucket"); });
  const auto store = StoreAt(server.endpoint());
  for (const auto& status :
       {store->Put("a", "x", {}), store->Read("a", {}).status(), store->List("", "", {}).status(),
        store->PutIfAbsent("a", "x", {}).status()}) {
    EXPECT_THAT(status, FailsWith(FailureKind::kConfiguration, "bucket=bucket"));
  }
}

TEST(S3Store, LastsThroughAStormOf503) {
  int left = 3;
  FakeS3 server([&](const Request& request) {
    if (left-- > 0) return Error("503 Slow Down", "SlowDown");
    EXPECT_EQ(request.body, "text");
    EXPECT_TRUE(request.Is("if-none-match: *"));
    EXPECT_TRUE(request.Is("PUT /bucket/lake/t/log/0.json HTTP"));
    return Reply("200 OK");
  });
  const auto store = StoreAt(server.endpoint(), "s3://bucket/lake/t", 30'000);
  ASSERT_OK_AND_ASSIGN(const auto outcome, store->PutIfAbsent("log/0.json", "text", {}));
  EXPECT_EQ(outcome, PutOutcome::kWritten);
  EXPECT_EQ(server.requests(), 4);
}

TEST(S3Store, GivesUpOnAStormThatDoesNotEnd) {
  FakeS3 server([&](const Request&) { return Error("503 Slow Down", "SlowDown"); });
  const auto store = StoreAt(server.endpoint(), "s3://bucket", 300);
  const auto status = store->Put("a", "x", {});
  EXPECT_THAT(status, FailsWith(FailureKind::kTransient, "503 SlowDown"));
  EXPECT_EQ(StoreCodeOf(status), "503");
  // The puts may have been carried out, and the store does not say.
  ASSERT_OK_AND_ASSIGN(const auto outcome, store->PutIfAbsent("a", "x", {}));
  EXPECT_EQ(outcome, PutOutcome::kUnknown);
}

TEST(S3Store, ALostReplyIsSettledByReadingBack) {
  for (const std::string there : {"mine", "theirs"}) {
    bool first = true;
    FakeS3 server([&](const Request& request) -> std::string {
      if (request.Is("GET ")) return Reply("200 OK", there);
      if (std::exchange(first, false)) return kDrop;
      return Error("412 Precondition Failed", "PreconditionFailed");
    });
    ASSERT_OK_AND_ASSIGN(const auto outcome,
                         StoreAt(server.endpoint())->PutIfAbsent("a", "mine", {}));
    EXPECT_EQ(outcome, there == "mine" ? PutOutcome::kWritten : PutOutcome::kExists);
    EXPECT_EQ(server.requests(), 3);
  }
}

TEST(S3Store, RepliesThatAreAllLostAreSettledByReadingBack) {
  for (const bool taken : {true, false}) {
    FakeS3 server([&](const Request& request) -> std::string {
      if (!request.Is("GET ")) return kDrop;
      return taken ? Reply("200 OK", "mine") : Error("404 Not Found", "NoSuchKey");
    });
    const auto store = StoreAt(server.endpoint(), "s3://bucket", 300);
    ASSERT_OK_AND_ASSIGN(const auto outcome, store->PutIfAbsent("a", "mine", {}));
    // What is not there yet may still come.
    EXPECT_EQ(outcome, taken ? PutOutcome::kWritten : PutOutcome::kUnknown);
  }
}

TEST(S3Store, ASilentServerIsATimeout) {
  std::atomic<bool> over = false;
  FakeS3 server([&](const Request&) -> std::string {
    over.wait(false);
    return kDrop;
  });
  const auto store = StoreAt(server.endpoint(), "s3://bucket", 0);
  const auto status = store->Put("a", "x", {});
  over = true;
  over.notify_all();
  EXPECT_THAT(status, FailsWith(FailureKind::kTransient, "path=s3://bucket/a"));
  EXPECT_EQ(StoreCodeOf(status), "timeout");
}

TEST(S3Store, AServerThatIsNotThereCannotHaveTakenAnything) {
  std::string endpoint;
  {
    FakeS3 server([](const Request&) { return Reply("200 OK"); });
    endpoint = server.endpoint();
  }
  const auto store = StoreAt(endpoint, "s3://bucket", 0);
  EXPECT_THAT(store->PutIfAbsent("a", "x", {}).status(),
              FailsWith(FailureKind::kTransient, "network"));
}

TEST(S3Store, AnInterruptionEndsTheWait) {
  std::stop_source stop;
  FakeS3 server([&](const Request&) {
    stop.request_stop();
    return Error("503 Slow Down", "SlowDown");
  });
  const auto store = StoreAt(server.endpoint(), "s3://bucket", 3'600'000);
  EXPECT_TRUE(store->Put("a", "x", {stop.get_token()}).IsCancelled());
  EXPECT_EQ(server.requests(), 1);
}

TEST(S3Store, HalfABodyIsNeverTheWhole) {
  bool first = true;
  FakeS3 server([&](const Request&) {
    auto whole = Reply("200 OK", "0123456789");
    return std::exchange(first, false) ? whole.substr(0, whole.size() - 5) : whole;
  });
  ASSERT_OK_AND_ASSIGN(const auto text, StoreAt(server.endpoint())->Read("a", {}));
  EXPECT_EQ(text->ToString(), "0123456789");
  EXPECT_EQ(server.requests(), 2);
}

TEST(S3Store, ABucketThatIgnoresIfNoneMatchIsRefused) {
  FakeS3 server([](const Request&) { return Reply("200 OK"); });
  const auto store = StoreAt(server.endpoint());
  EXPECT_THAT(store->CheckPutIfAbsent("log", {}),
              FailsWith(FailureKind::kPermanent, "does not honour If-None-Match"));
  FakeS3 old([](const Request&) { return Error("501 Not Implemented", "NotImplemented"); });
  EXPECT_THAT(StoreAt(old.endpoint())->CheckPutIfAbsent("log", {}),
              FailsWith(FailureKind::kPermanent, "does not honour If-None-Match"));
}

TEST(S3Store, ABucketIsAskedOnceForIfNoneMatch) {
  int puts = 0;
  FakeS3 server([&](const Request& request) {
    if (request.Is("DELETE ")) return Reply("204 No Content");
    if (request.Is("GET ")) return Reply("200 OK", "1");
    return ++puts == 1 ? Reply("200 OK") : Error("412 Precondition Failed", "PreconditionFailed");
  });
  EXPECT_THAT(StoreAt(server.endpoint())->CheckPutIfAbsent("log", {}), IsOk());
  const int requests = server.requests();
  EXPECT_THAT(StoreAt(server.endpoint(), "s3://bucket/other")->CheckPutIfAbsent("", {}), IsOk());
  EXPECT_EQ(server.requests(), requests);
}

TEST(S3Store, FollowsTheBucketToItsRegion) {
  FakeS3 server([](const Request& request) -> std::string {
    if (request.Is("/eu-west-3/s3/")) return Reply("200 OK", "x");
    return "HTTP/1.1 400 Bad Request\r\nx-amz-bucket-region: eu-west-3\r\nContent-Length: 0\r\n"
           "Connection: close\r\n\r\n";
  });
  const auto store = StoreAt(server.endpoint());
  ASSERT_OK_AND_ASSIGN(const auto text, store->Read("a", {}));
  EXPECT_EQ(text->ToString(), "x");
}

// A program of the test venv's Python, until the object's end; `said`: what it is running on.
class PythonServer {
 public:
  explicit PythonServer(const std::vector<std::string>& arguments) {
    const char* source = std::getenv("AMPLOAD_SOURCE_DIR");
    std::vector<std::string> words = {std::string(source == nullptr ? "." : source) +
                                      "/.deps/venv/bin/python"};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> pointers;
    for (auto& word : words) pointers.push_back(word.data());
    pointers.push_back(nullptr);
    int output[2];
    EXPECT_EQ(::pipe(output), 0);
    child_ = ::fork();
    if (child_ == 0) {
      ::dup2(output[1], STDERR_FILENO);
      ::dup2(output[1], STDOUT_FILENO);
      ::execv(pointers[0], pointers.data());
      ::_exit(127);
    }
    ::close(output[1]);
    constexpr std::string_view kRunning = "Running on ";
    std::string text;
    size_t at = std::string::npos;
    while (at == std::string::npos || text.find('\n', at) == std::string::npos) {
      char part[512];
      const ssize_t got = ::read(output[0], part, sizeof(part));
      if (got <= 0) break;
      text.append(part, static_cast<size_t>(got));
      at = text.find(kRunning);
    }
    EXPECT_NE(at, std::string::npos) << "a server does not start: " << text;
    if (at != std::string::npos) {
      at += kRunning.size();
      said_ = text.substr(at, text.find('\n', at) - at);
    }
    reader_ = std::thread([fd = output[0]] {  // it must not wait for one who reads its log
      char part[512];
      while (::read(fd, part, sizeof(part)) > 0) {
      }
      ::close(fd);
    });
  }
  ~PythonServer() {
    ::kill(child_, SIGTERM);
    ::waitpid(child_, nullptr, 0);
    reader_.join();
  }
  const std::string& said() const { return said_; }

 private:
  pid_t child_ = -1;
  std::string said_;
  std::thread reader_;
};

TEST(S3StoreOverTls, TrustsOnlyCertificatesThatAreToBeTrusted) {
  const TempFolder folder;
  const auto make =
      "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes "
      "-days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 -keyout " +
      folder / "key" + " -out " + folder / "crt" + " 2> /dev/null";
  ASSERT_EQ(std::system(make.c_str()), 0);
  const PythonServer server({"-c", R"(
import http.server, ssl, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "6")
        self.end_headers()
        self.wfile.write(b"secure")
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[1], sys.argv[2])
server.socket = context.wrap_socket(server.socket, server_side=True)
print(f"Running on https://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
)",
                             folder / "crt", folder / "key"});
  const auto refused = StoreAt(server.said())->Read("a", {});
  EXPECT_THAT(refused, FailsWith(FailureKind::kPermanent, "certificate"));
  EXPECT_EQ(StoreCodeOf(refused.status()), "certificate");
  ::setenv("AWS_CA_BUNDLE", (folder / "crt").c_str(), 1);
  const auto store = StoreAt(server.said());
  ::unsetenv("AWS_CA_BUNDLE");
  ASSERT_OK_AND_ASSIGN(const auto text, store->Read("a", {}));
  EXPECT_EQ(text->ToString(), "secure");
}

// The same verbs against a server that others wrote.
class S3StoreOnMoto : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    server_ = std::make_unique<PythonServer>(
        std::vector<std::string>{"-m", "moto.server", "-H", "127.0.0.1", "-p", "0"});
    endpoint_ = server_->said();
    ASSERT_TRUE(endpoint_.starts_with("http://")) << endpoint_;
    const auto put = "curl -s -X PUT " + endpoint_ + "/bucket -o /dev/null";
    ASSERT_EQ(std::system(put.c_str()), 0);
  }
  static void TearDownTestSuite() { server_.reset(); }
  std::shared_ptr<ObjectStore> store_ = StoreAt(endpoint_, "s3://bucket/lake/t", 20'000);

  static inline std::unique_ptr<PythonServer> server_;
  static inline std::string endpoint_;
};

TEST_F(S3StoreOnMoto, PutIfAbsentKeepsTheFirst) {
  EXPECT_EQ(store_->root(), "s3://bucket/lake/t");
  ASSERT_THAT(store_->CheckPutIfAbsent("log", {}), IsOk());
  ASSERT_OK_AND_ASSIGN(auto outcome, store_->PutIfAbsent("log/0.json", "first", {}));
  EXPECT_EQ(outcome, PutOutcome::kWritten);
  ASSERT_OK_AND_ASSIGN(outcome, store_->PutIfAbsent("log/0.json", "second", {}));
  EXPECT_EQ(outcome, PutOutcome::kExists);
  ASSERT_OK_AND_ASSIGN(const auto text, store_->Read("log/0.json", {}));
  EXPECT_EQ(text->ToString(), "first");
}

TEST_F(S3StoreOnMoto, OfManyWhoPutOneNameExactlyOneWins) {
  for (int name = 0; name < 10; ++name) {
    std::atomic<int> wins = 0;
    std::vector<std::thread> writers;
    for (int writer = 0; writer < 4; ++writer) {
      writers.emplace_back([&, writer] {
        const auto outcome =
            store_->PutIfAbsent("race/" + std::to_string(name), "by " + std::to_string(writer), {});
        if (outcome.ok() && *outcome == PutOutcome::kWritten) ++wins;
      });
    }
    for (auto& writer : writers) writer.join();
    EXPECT_EQ(wins, 1);
  }
}

TEST_F(S3StoreOnMoto, ListsOverManyPages) {
  const std::string odd = "odd/x=a b+c&%\xc3\xa9<>/f 1.parquet";
  ASSERT_THAT(store_->Put(odd, "odd", {}), IsOk());
  ASSERT_OK_AND_ASSIGN(const auto folders, store_->ListFolders("odd", {}));
  ASSERT_THAT(folders, testing::ElementsAre("x=a b+c&%\xc3\xa9<>"));
  ASSERT_OK_AND_ASSIGN(auto files, store_->List("odd/" + folders[0], "", {}));
  ASSERT_EQ(files.size(), 1U);
  EXPECT_EQ(files[0].path, odd);
  EXPECT_EQ(files[0].size, 3);
  const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(
                       std::chrono::system_clock::now().time_since_epoch())
                       .count();
  EXPECT_NEAR(static_cast<double>(files[0].modified_ms), static_cast<double>(now), 600'000);

  for (int i = 0; i < 1005; ++i) {  // a page has 1000
    ASSERT_THAT(store_->Put("many/" + std::to_string(10'000 + i), "x", {}), IsOk());
  }
  ASSERT_OK_AND_ASSIGN(files, store_->List("many", "", {}));
  ASSERT_EQ(files.size(), 1005U);
  EXPECT_EQ(files.back().path, "many/11004");
  ASSERT_OK_AND_ASSIGN(files, store_->List("many", "many/11001", {}));
  ASSERT_EQ(files.size(), 3U);
  EXPECT_EQ(files.front().path, "many/11002");
  ASSERT_OK_AND_ASSIGN(files, store_->List("none", "", {}));
  EXPECT_TRUE(files.empty());
  ASSERT_OK_AND_ASSIGN(const auto below, store_->Below("many"));
  ASSERT_THAT(below->Delete(std::vector<std::string>{"10000", "no"}, {}), IsOk());
  ASSERT_OK_AND_ASSIGN(files, below->List("", "", {}));
  EXPECT_EQ(files.size(), 1004U);
  EXPECT_EQ(files.front().path, "10001");
}

TEST_F(S3StoreOnMoto, OutputsOfAllSizesComeWhole) {
  for (const size_t size : {size_t{0}, size_t{10}, size_t{8} << 20, (size_t{20} << 20) + 7}) {
    const auto path = "data/" + std::to_string(size);
    std::string bytes(size, 'x');
    for (size_t i = 0; i < size; i += 1000) bytes[i] = static_cast<char>('a' + i / 1000 % 26);
    ASSERT_OK_AND_ASSIGN(auto output, store_->Create(path, {}));
    for (size_t at = 0; at < size; at += 3'000'000) {
      const auto count = static_cast<int64_t>(std::min(size - at, size_t{3'000'000}));
      ASSERT_THAT(output->Write(bytes.data() + at, count), IsOk());
    }
    ASSERT_THAT(output->Close(), IsOk());
    EXPECT_EQ(output->Tell().ValueOrDie(), static_cast<int64_t>(size));
    ASSERT_OK_AND_ASSIGN(const auto whole, store_->Read(path, {}));
    EXPECT_TRUE(std::string_view(*whole) == bytes) << size;
    ASSERT_OK_AND_ASSIGN(const auto file, store_->Open(path, {}));
    EXPECT_EQ(file->GetSize().ValueOrDie(), static_cast<int64_t>(size));
    ASSERT_OK_AND_ASSIGN(const auto tail, file->ReadAt(static_cast<int64_t>(size) / 2, 1 << 30));
    EXPECT_TRUE(std::string_view(*tail) == std::string_view(bytes).substr(size / 2)) << size;
  }
}

TEST_F(S3StoreOnMoto, OutputsSayWhatTheyHold) {
  constexpr int64_t kMiB = 1 << 20;
  const std::string bytes(kMiB, 'x');
  ASSERT_OK_AND_ASSIGN(auto output, store_->Create("held", {}));
  for (int64_t written = kMiB; written <= 20 * kMiB; written += kMiB) {
    ASSERT_THAT(output->Write(bytes.data(), kMiB), IsOk());
    EXPECT_GE(output->held_bytes(), std::min(written, 8 * kMiB));
    EXPECT_LE(output->held_bytes(), std::min(written, 16 * kMiB));
  }
  ASSERT_THAT(output->Close(), IsOk());
  EXPECT_EQ(output->held_bytes(), 0);
}

TEST_F(S3StoreOnMoto, ManyPartitionsKeepWithinTheirMemory) {
  constexpr int kPartitions = 16;
  constexpr int64_t kMemory = 12 << 20;
  constexpr int64_t kRows = 20'000;  // 160 kB
  const auto x = arrow::field("x", arrow::int64());
  WriterSettings settings;
  settings.schema = arrow::schema({x});
  settings.memory_bytes = kMemory;
  settings.dictionary = false;
  settings.partition_columns = {1};
  settings.partition_text = [](const arrow::Scalar& value, int) {
    return Result<std::optional<std::string>>(value.ToString());
  };
  settings.partition_folder = [](int, const std::optional<std::string>& text) {
    return "p=" + *text;
  };
  ASSERT_OK_AND_ASSIGN(auto writer, RollingWriter::Make(store_, std::move(settings)));
  std::mt19937_64 random(1);
  for (int round = 0; round < 20; ++round) {
    for (int p = 0; p < kPartitions; ++p) {
      arrow::Int64Builder values;
      arrow::Int32Builder partition;
      for (int64_t i = 0; i < kRows; ++i) {
        ASSERT_TRUE(values.Append(static_cast<int64_t>(random())).ok() && partition.Append(p).ok());
      }
      const auto rows =
          arrow::RecordBatch::Make(arrow::schema({x, arrow::field("p", arrow::int32())}), kRows,
                                   {*values.Finish(), *partition.Finish()});
      ASSERT_THAT(writer->Write(*rows, {}), IsOk());
      ASSERT_LE(writer->buffered_bytes(), kMemory + (16 << 20));
    }
  }
  ASSERT_OK_AND_ASSIGN(const auto files, writer->Finish({}));
  int64_t rows = 0;
  for (const auto& file : files) rows += file.rows;
  EXPECT_EQ(rows, 20 * kPartitions * kRows);
  EXPECT_GT(files.size(), kPartitions);  // whoever held most was closed
}

TEST_F(S3StoreOnMoto, DiscardedOutputsLeaveNothing) {
  const std::string much(9 << 20, 'x');
  for (const auto& bytes : {std::string("little"), much}) {
    ASSERT_OK_AND_ASSIGN(auto output, store_->Create("gone/a", {}));
    ASSERT_THAT(output->Write(bytes.data(), std::ssize(bytes)), IsOk());
    ASSERT_THAT(output->Discard(), IsOk());
    EXPECT_THAT(output->Write("x", 1), FailsWith(FailureKind::kPermanent, "gone/a"));
  }
  ASSERT_OK_AND_ASSIGN(const auto none, store_->Read("gone/a", {}));
  EXPECT_EQ(none, nullptr);
  EXPECT_EQ(StoreCodeOf(store_->Open("gone/a", {}).status()), "ENOENT");
}

}  // namespace
}  // namespace ampload::lake
