#include "source/amp/flight_failure.h"

#include <arrow/flight/types.h>

#include <string_view>

#include "source/amp/printable.h"

namespace ampload::source {
namespace {

using arrow::flight::FlightStatusCode;
using arrow::flight::FlightStatusDetail;

constexpr size_t kShownWords = 2000;

// Arrow gives RESOURCE_EXHAUSTED no code of its own, only first words of its own.
constexpr std::string_view kExhausted = "gRPC returned resource exhausted error, with message: ";
// gRPC cancels a call that exceeds the receiver's own limit, too, and does not say so.
constexpr char kCancelled[] =
    "the call was cancelled, by the server or because one message is far larger than its share of "
    "--memory";

// The server's words, without what Arrow's client puts before and behind them.
std::string_view WordsOf(std::string_view message) {
  constexpr std::string_view kIntroduction = ", with message: ";
  if (message.starts_with("Flight ") || message.starts_with("gRPC ")) {
    const size_t at = message.find(kIntroduction);
    if (at != std::string_view::npos) message.remove_prefix(at + kIntroduction.size());
  }
  return message.substr(0, message.find(". gRPC client debug context: "));
}

std::string WithoutToken(std::string words, const std::string& token) {
  if (token.empty()) return words;
  for (size_t at = words.find(token); at != std::string::npos; at = words.find(token, at + 3)) {
    words.replace(at, token.size(), "***");
  }
  return words;
}

struct Meaning {
  FailureKind kind;
  std::string what;
  std::string code;
};

Meaning TokenRefused(const FlightPeer& peer, std::string code) {
  return {FailureKind::kConfiguration,
          peer.token.empty() ? "the server wants a token: set --token or AMP_AUTH_TOKEN"
                             : "the server refused the token: set --token or AMP_AUTH_TOKEN",
          std::move(code)};
}

Meaning MeaningOf(const FlightStatusDetail& detail, const FlightPeer& peer) {
  const std::string code = detail.CodeAsString();
  switch (detail.code()) {
    case FlightStatusCode::Unavailable:
      return {FailureKind::kTransient, "the server cannot be reached or is overloaded", code};
    case FlightStatusCode::TimedOut:
      return {FailureKind::kTransient, "the server did not answer in time", code};
    case FlightStatusCode::Cancelled:
      return {FailureKind::kTransient, kCancelled, code};
    case FlightStatusCode::Internal:
      return {FailureKind::kTransient,
              "the server failed; this may pass by itself, unless it cannot do the query", code};
    case FlightStatusCode::Unauthenticated:
    case FlightStatusCode::Unauthorized:
      return TokenRefused(peer, code);
    case FlightStatusCode::Failed:  // gRPC's UNKNOWN, which broken connections give, too
      break;
  }
  return {FailureKind::kTransient, "the call failed without a reason", code};
}

Meaning MeaningOf(const arrow::Status& cause, const FlightPeer& peer) {
  const std::string_view message = cause.message();
  if (message.starts_with(kExhausted)) {
    return {FailureKind::kTransient, "the server has too much to do", "ResourceExhausted"};
  }
  if (const auto detail = FlightStatusDetail::UnwrapStatus(cause)) return MeaningOf(*detail, peer);
  const std::string code = cause.CodeAsString();
  switch (cause.code()) {
    case arrow::StatusCode::Invalid:
    case arrow::StatusCode::KeyError:
      return {FailureKind::kConfiguration, "the server refused the query", code};
    case arrow::StatusCode::Cancelled:
      return {FailureKind::kTransient, kCancelled, code};
    case arrow::StatusCode::NotImplemented:
      return {FailureKind::kPermanent, "the server cannot do this; is it an Amp server?", code};
    default:
      return {FailureKind::kPermanent, "the call failed", code};
  }
}

}  // namespace

Status FlightFailure(const arrow::Status& cause, const FlightPeer& peer) {
  Meaning meaning = MeaningOf(cause, peer);
  // The token goes first: it may hold what would be cut or replaced.
  const std::string words =
      PrintableText(WithoutToken(std::string(WordsOf(cause.message())), peer.token), kShownWords);
  return MakeFailure(meaning.kind,
                     "amp: " + meaning.what + ": server=" + peer.name + " message=" + words,
                     std::move(meaning.code));
}

}  // namespace ampload::source
