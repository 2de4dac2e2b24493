// Of a file's statistics only what is asked for is kept: they may tell of many columns.
#include <array>
#include <nlohmann/json.hpp>
#include <string_view>

#include "loaders/deltalake/file_stats.h"

namespace ampload::deltalake {
namespace {

using nlohmann::json;

enum class Want { kNothing, kRows, kTight, kLeast, kGreatest, kNulls };
constexpr size_t kWants = 6;

// {"numRecords":9,"tightBounds":true,"minValues":{"_amp_batch_id":1,..},"maxValues":..,..}
class Listener final : public nlohmann::json_sax<json> {
 public:
  explicit Listener(const std::string& batch_column) : batch_column_(batch_column) {}

  // Of the value that stands there last; nullopt: none, or no integer.
  std::optional<int64_t> Integer(Want want, int64_t least) const {
    const auto& value = integers_[static_cast<size_t>(want)];
    return value.has_value() && *value >= least ? value : std::nullopt;
  }
  bool is_object() const { return is_object_; }
  bool wide() const { return wide_; }

  bool key(string_t& name) override {
    if (depth_ == 1) {
      at_ = name == "numRecords"    ? Want::kRows
            : name == "tightBounds" ? Want::kTight
            : name == "minValues"   ? Want::kLeast
            : name == "maxValues"   ? Want::kGreatest
            : name == "nullCount"   ? Want::kNulls
                                    : Want::kNothing;
      of_batch_ = false;
      Forget();
    } else if (depth_ == 2) {
      of_batch_ = name == batch_column_;
      if (of_batch_) Forget();
    }
    return true;
  }
  bool start_object(std::size_t /*elements*/) override {
    if (depth_++ == 0) is_object_ = true;
    return true;
  }
  bool start_array(std::size_t /*elements*/) override {
    ++depth_;
    return true;
  }
  bool end_object() override { return End(); }
  bool end_array() override { return End(); }

  bool number_integer(number_integer_t value) override {
    if (Asked()) integers_[static_cast<size_t>(at_)] = value;
    return true;
  }
  bool number_unsigned(number_unsigned_t value) override {
    if (Asked() && value <= INT64_MAX) {
      integers_[static_cast<size_t>(at_)] = static_cast<int64_t>(value);
    }
    return true;
  }
  bool boolean(bool value) override {
    if (depth_ == 1 && at_ == Want::kTight) wide_ = !value;
    return true;
  }
  bool null() override { return true; }
  bool number_float(number_float_t /*value*/, const string_t& /*text*/) override { return true; }
  bool string(string_t& /*value*/) override { return true; }
  bool binary(binary_t& /*value*/) override { return true; }
  bool parse_error(std::size_t /*position*/, const std::string& /*last*/,
                   const nlohmann::detail::exception& /*why*/) override {
    return false;
  }

 private:
  bool End() {
    --depth_;
    return true;
  }
  // Is the value that comes now one of ours?
  bool Asked() const {
    if (at_ == Want::kRows) return depth_ == 1;
    if (at_ == Want::kLeast || at_ == Want::kGreatest || at_ == Want::kNulls) {
      return depth_ == 2 && of_batch_;
    }
    return false;
  }
  void Forget() {
    integers_[static_cast<size_t>(at_)].reset();
    if (at_ == Want::kTight) wide_ = false;
  }

  const std::string& batch_column_;
  int depth_ = 0;
  bool is_object_ = false;
  bool wide_ = false;
  bool of_batch_ = false;  // depth 2: the last key was the batch column's
  Want at_ = Want::kNothing;
  std::array<std::optional<int64_t>, kWants> integers_;
};

}  // namespace

FileStats ReadStats(const std::optional<std::string>& text, const std::string& batch_column) {
  FileStats stats;
  if (!text) return stats;
  Listener found(batch_column);
  if (!json::sax_parse(*text, &found) || !found.is_object()) return stats;
  stats.rows = found.Integer(Want::kRows, 0);
  const auto least = found.Integer(Want::kLeast, INT64_MIN);
  const auto greatest = found.Integer(Want::kGreatest, INT64_MIN);
  if (least && greatest) stats.batches = {*least, *greatest};
  stats.null_batches = found.Integer(Want::kNulls, 0);
  // Wide bounds: only "all" and "none" mean anything.
  if (found.wide() && stats.null_batches != 0 && stats.null_batches != stats.rows) {
    stats.null_batches.reset();
  }
  return stats;
}

}  // namespace ampload::deltalake
