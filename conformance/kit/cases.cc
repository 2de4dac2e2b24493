#include "conformance/kit/cases.h"

namespace ampload::conformance {
namespace {

constexpr char kNotForThisLoader[] = "not for this loader";

}  // namespace

Status NotForThisLoader(const std::string& why) {
  return MakeFailure(FailureKind::kConfiguration, why, kNotForThisLoader);
}

bool IsNotForThisLoader(const Status& status) { return StoreCodeOf(status) == kNotForThisLoader; }

const std::vector<TestCase>& AllCases() {
  static const auto* all = [] {
    auto* made = new std::vector<TestCase>;
    for (auto cases : {CoreCases, ModeCases, ShapeCases, ErrorCases, TypeCases, StreamingCases,
                       CrashCases, ScenarioCases}) {
      for (auto& one : cases()) made->push_back(std::move(one));
    }
    return made;
  }();
  return *all;
}

std::function<std::string(const LoaderTraits&)> NeedsMode(LoadMode mode) {
  return [mode](const LoaderTraits& traits) -> std::string {
    if (traits.supported_modes.contains(mode)) return "";
    return "needs mode " + std::string(ToString(mode));
  };
}

std::string NeedsCommit(const LoaderTraits& traits) {
  return traits.commit == CommitKind::kNone ? "needs commits that are all or nothing" : "";
}

std::string NeedsStreaming(const LoaderTraits& traits) {
  return traits.supports_streaming ? "" : "needs streaming";
}

std::string NeedsNulls(const LoaderTraits& traits) {
  return traits.supports_null_values ? "" : "needs null values";
}

}  // namespace ampload::conformance
