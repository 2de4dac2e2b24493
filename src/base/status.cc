#include "ampload/status.h"

namespace ampload {
namespace {

constexpr char kTypeId[] = "ampload::FailureDetail";

const FailureDetail* DetailOf(const Status& status) {
  const auto& detail = status.detail();
  if (detail == nullptr || std::string_view(detail->type_id()) != kTypeId) return nullptr;
  return static_cast<const FailureDetail*>(detail.get());
}

arrow::StatusCode CodeOf(FailureKind kind) {
  switch (kind) {
    case FailureKind::kTransient:
    case FailureKind::kPermanent:
      return arrow::StatusCode::IOError;
    case FailureKind::kConflict:
      return arrow::StatusCode::AlreadyExists;
    case FailureKind::kUnknownOutcome:
      return arrow::StatusCode::UnknownError;
    case FailureKind::kConfiguration:
    case FailureKind::kData:
      return arrow::StatusCode::Invalid;
  }
  return arrow::StatusCode::UnknownError;
}

}  // namespace

std::string_view ToString(FailureKind kind) {
  switch (kind) {
    case FailureKind::kTransient:
      return "transient";
    case FailureKind::kPermanent:
      return "permanent";
    case FailureKind::kConflict:
      return "conflict";
    case FailureKind::kUnknownOutcome:
      return "unknown outcome";
    case FailureKind::kConfiguration:
      return "configuration";
    case FailureKind::kData:
      return "data";
  }
  return "unknown";
}

const char* FailureDetail::type_id() const { return kTypeId; }

std::string FailureDetail::ToString() const {
  std::string text(ampload::ToString(kind_));
  if (!store_code_.empty()) text += " (" + store_code_ + ")";
  return text;
}

Status MakeFailure(FailureKind kind, std::string message, std::string store_code) {
  return Status(CodeOf(kind), std::move(message),
                std::make_shared<FailureDetail>(kind, std::move(store_code)));
}

Status TransientError(std::string message, std::string store_code) {
  return MakeFailure(FailureKind::kTransient, std::move(message), std::move(store_code));
}
Status PermanentError(std::string message, std::string store_code) {
  return MakeFailure(FailureKind::kPermanent, std::move(message), std::move(store_code));
}
Status ConflictError(std::string message, std::string store_code) {
  return MakeFailure(FailureKind::kConflict, std::move(message), std::move(store_code));
}
Status ConfigurationError(std::string message) {
  return MakeFailure(FailureKind::kConfiguration, std::move(message));
}
Status DataError(std::string message) {
  return MakeFailure(FailureKind::kData, std::move(message));
}
Status BadRowError(int64_t row, std::string message) {
  return Status(CodeOf(FailureKind::kData), std::move(message),
                std::make_shared<FailureDetail>(FailureKind::kData, std::string(), row));
}

FailureKind KindOf(const Status& status) {
  if (const auto* detail = DetailOf(status)) return detail->kind();
  switch (status.code()) {
    case arrow::StatusCode::Invalid:
    case arrow::StatusCode::TypeError:
    case arrow::StatusCode::NotImplemented:
    case arrow::StatusCode::IndexError:
    case arrow::StatusCode::KeyError:
    case arrow::StatusCode::SerializationError:
    case arrow::StatusCode::CapacityError:
      return FailureKind::kData;
    default:
      return FailureKind::kPermanent;
  }
}

std::string StoreCodeOf(const Status& status) {
  const auto* detail = DetailOf(status);
  return detail == nullptr ? std::string() : detail->store_code();
}

std::optional<int64_t> BadRowOf(const Status& status) {
  const auto* detail = DetailOf(status);
  return detail == nullptr ? std::nullopt : detail->row();
}

Status WithContext(const Status& status, std::string_view where) {
  if (status.ok()) return status;
  return Status(status.code(), std::string(where) + ": " + status.message(), status.detail());
}

std::string MessageOf(const Status& status) { return status.message(); }

}  // namespace ampload
