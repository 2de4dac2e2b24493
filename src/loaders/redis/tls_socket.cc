#include "loaders/redis/tls_socket.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <climits>
#include <cstring>
#include <utility>

namespace ampload::redis {
namespace {

using std::chrono::steady_clock;

// A BIO over our socket: OpenSSL's own writes with write(), which raises SIGPIPE.
int WriteBio(BIO* bio, const char* bytes, int count) {
  BIO_clear_retry_flags(bio);
  const int fd = static_cast<int>(reinterpret_cast<intptr_t>(BIO_get_data(bio)));
  const auto sent = send(fd, bytes, static_cast<size_t>(count), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_write(bio);
  return static_cast<int>(sent);
}

int ReadBio(BIO* bio, char* space, int count) {
  BIO_clear_retry_flags(bio);
  const int fd = static_cast<int>(reinterpret_cast<intptr_t>(BIO_get_data(bio)));
  const auto came = recv(fd, space, static_cast<size_t>(count), MSG_DONTWAIT);
  if (came < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_retry_read(bio);
  return static_cast<int>(came);
}

long ControlBio(BIO* /*bio*/, int command, long /*number*/, void* /*pointer*/) {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

BIO* MakeBio(int fd) {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "ampload socket");
    BIO_meth_set_write(made, WriteBio);
    BIO_meth_set_read(made, ReadBio);
    BIO_meth_set_ctrl(made, ControlBio);
    return made;
  }();
  BIO* bio = BIO_new(method);
  if (bio == nullptr) return nullptr;
  BIO_set_data(bio, reinterpret_cast<void*>(static_cast<intptr_t>(fd)));
  BIO_set_init(bio, 1);
  return bio;
}

std::string TextOf(unsigned long error) {
  if (ERR_SYSTEM_ERROR(error)) return std::strerror(ERR_GET_REASON(error));
  const char* reason = ERR_reason_error_string(error);
  return reason == nullptr ? "error " + std::to_string(error) : reason;
}

Status BadFile(const char* option, const std::string& path) {
  return ConfigurationError(std::string(option) + " cannot be used: " + TextOf(ERR_get_error()) +
                            ": " + option + "=" + path);
}

Status UseFiles(SSL_CTX* context, const RedisConfig& config) {
  ERR_clear_error();
  if (config.tls_ca.empty()) {
    if (SSL_CTX_set_default_verify_file(context) != 1 ||
        SSL_CTX_set_default_verify_dir(context) != 1) {
      return BadFile("tls_ca", "");
    }
  } else if (SSL_CTX_load_verify_locations(context, config.tls_ca.c_str(), nullptr) != 1) {
    return BadFile("tls_ca", config.tls_ca);
  }
  if (config.tls_cert.empty()) return Status::OK();
  if (SSL_CTX_use_certificate_chain_file(context, config.tls_cert.c_str()) != 1) {
    return BadFile("tls_cert", config.tls_cert);
  }
  // A key with a password would be asked for on the terminal.
  SSL_CTX_set_default_passwd_cb(context, [](char*, int, int, void*) { return -1; });
  if (SSL_CTX_use_PrivateKey_file(context, config.tls_key.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(context) != 1) {
    return BadFile("tls_key", config.tls_key);
  }
  return Status::OK();
}

bool IsAddress(const std::string& host) {
  in6_addr address;
  return inet_pton(AF_INET, host.c_str(), &address) == 1 ||
         inet_pton(AF_INET6, host.c_str(), &address) == 1;
}

// Which host the certificate must be for, and which one we ask for.
bool ExpectHost(SSL* tls, const RedisConfig& config) {
  const bool is_address = IsAddress(config.host);
  if (!is_address && SSL_set_tlsext_host_name(tls, config.host.c_str()) != 1) return false;
  if (config.tls_verify != "full") return true;
  X509_VERIFY_PARAM* rules = SSL_get0_param(tls);
  if (is_address) return X509_VERIFY_PARAM_set1_ip_asc(rules, config.host.c_str()) == 1;
  return X509_VERIFY_PARAM_set1_host(rules, config.host.c_str(), 0) == 1;
}

// A failure that OpenSSL has a reason for: other bytes than TLS, a certificate, an alert.
Status Explain(const SSL* tls, unsigned long error) {
  const int reason = ERR_GET_REASON(error);
  const long verified = SSL_get_verify_result(tls);
  if (reason == SSL_R_CERTIFICATE_VERIFY_FAILED && verified != X509_V_OK) {
    return ConfigurationError(std::string("the server's certificate is not trusted: ") +
                              X509_verify_cert_error_string(verified) +
                              "; look at the options tls_ca and tls_verify");
  }
  if (reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_PACKET_LENGTH_TOO_LONG ||
      reason == SSL_R_HTTP_REQUEST || reason == SSL_R_UNSUPPORTED_PROTOCOL) {
    return ConfigurationError("the server does not speak TLS there (" + TextOf(error) +
                              "): give its TLS port, or use redis://");
  }
  return ConfigurationError("TLS: " + TextOf(error) +
                            "; look at the options tls_cert, tls_key and tls_ca");
}

}  // namespace

Status TlsSocket::Prepare(const RedisConfig& config) {
  ERR_clear_error();
  context_.reset(SSL_CTX_new(TLS_client_method()));
  if (context_ == nullptr) return PermanentError("TLS: " + TextOf(ERR_get_error()));
  SSL_CTX_set_min_proto_version(context_.get(), TLS1_2_VERSION);
  SSL_CTX_set_mode(context_.get(),
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  // A reply says itself where it ends, so an end without a farewell cuts nothing off.
  SSL_CTX_set_options(context_.get(), SSL_OP_IGNORE_UNEXPECTED_EOF);
  ARROW_RETURN_NOT_OK(UseFiles(context_.get(), config));
  SSL_CTX_set_verify(context_.get(),
                     config.tls_verify == "none" ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, nullptr);
  tls_.reset(SSL_new(context_.get()));
  BIO* bio = tls_ == nullptr ? nullptr : MakeBio(fd());
  if (bio == nullptr) return PermanentError("TLS: " + TextOf(ERR_get_error()));
  SSL_set_bio(tls_.get(), bio, bio);
  if (!ExpectHost(tls_.get(), config)) {
    return ConfigurationError("TLS: the host is no name that a certificate can have");
  }
  SSL_set_connect_state(tls_.get());
  return Status::OK();
}

Status TlsSocket::ShakeHands(steady_clock::time_point give_up, const CallContext& context) {
  constexpr std::chrono::milliseconds kSlice(100);
  while (true) {
    ARROW_RETURN_NOT_OK(context.Check());
    ERR_clear_error();
    const int answer = SSL_do_handshake(tls_.get());
    if (answer == 1) return Status::OK();
    ARROW_ASSIGN_OR_RAISE(const Moved moved, Outcome(answer, 0));
    if (moved.closed) {
      return TransientError(
          "the server ended the connection while TLS began; does it speak TLS there? if not, use "
          "redis://");
    }
    Wait(moved.wait_for, kSlice);
    if (steady_clock::now() > give_up) {
      return TransientError(
          "no answer to TLS; does the server speak TLS there? if not, use redis://");
    }
  }
}

Result<std::unique_ptr<Socket>> TlsSocket::Open(int fd, const RedisConfig& config,
                                                steady_clock::time_point give_up,
                                                const CallContext& context) {
  std::unique_ptr<TlsSocket> socket(new TlsSocket(fd));
  ARROW_RETURN_NOT_OK(socket->Prepare(config));
  ARROW_RETURN_NOT_OK(socket->ShakeHands(give_up, context));
  return socket;
}

TlsSocket::~TlsSocket() {
  // One attempt at a farewell; a full buffer does without.
  if (tls_ != nullptr && SSL_is_init_finished(tls_.get())) SSL_shutdown(tls_.get());
  ERR_clear_error();
}

Result<Socket::Moved> TlsSocket::Outcome(int answer, size_t bytes) {
  const int system_error = errno;
  if (answer == 1) return Moved{bytes, 0, false};
  switch (SSL_get_error(tls_.get(), answer)) {
    case SSL_ERROR_WANT_READ:
      return Moved{0, POLLIN, false};
    case SSL_ERROR_WANT_WRITE:
      return Moved{0, POLLOUT, false};
    case SSL_ERROR_ZERO_RETURN:
      return Moved{0, 0, true};
    case SSL_ERROR_SYSCALL:
      if (system_error == 0 || system_error == EPIPE || system_error == ECONNRESET) {
        return Moved{0, 0, true};
      }
      return TransientError(std::strerror(system_error));
    default:
      return Explain(tls_.get(), ERR_get_error());
  }
}

Result<Socket::Moved> TlsSocket::Send(std::string_view bytes) {
  if (bytes.empty()) return Moved{};
  ERR_clear_error();
  errno = 0;
  size_t sent = 0;
  const int answer = SSL_write_ex(tls_.get(), bytes.data(), bytes.size(), &sent);
  return Outcome(answer, sent);
}

Result<Socket::Moved> TlsSocket::Receive(std::span<char> space) {
  ERR_clear_error();
  errno = 0;
  size_t came = 0;
  const int answer = SSL_read_ex(tls_.get(), space.data(), space.size(), &came);
  return Outcome(answer, came);
}

}  // namespace ampload::redis
