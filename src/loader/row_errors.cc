#include <string>

#include "ampload/data_loader.h"

namespace ampload {
namespace {

constexpr int64_t kShownErrors = 5;

}  // namespace

Status RowErrors::Add(int64_t row, std::string_view reason) {
  messages_.push_back("Row " + std::to_string(first_row_ + row) + ": " + std::string(reason));
  rejected_.push_back({first_row_ + row, std::string(reason)});
  if (count() <= kMaxErrors) return Status::OK();
  return DataError("Too many errors: " + std::to_string(count()));
}

Status RowErrors::Finish(int64_t rows_loaded) const {
  if (rows_loaded != 0 || messages_.empty()) return Status::OK();
  std::string text = "Failed to load any rows. Errors: ";
  for (int64_t i = 0; i < count() && i < kShownErrors; ++i) {
    if (i > 0) text += "; ";
    text += messages_[static_cast<size_t>(i)];
  }
  if (count() > kShownErrors) {
    text += "; ... and " + std::to_string(count() - kShownErrors) + " more errors";
  }
  return DataError(text);
}

}  // namespace ampload
