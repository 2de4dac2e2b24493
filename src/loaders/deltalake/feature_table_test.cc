// The guide's table of features is what the code knows.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>
#include <string>

#include "loaders/deltalake/features.h"

namespace ampload::deltalake {
namespace {

std::string Row(const FeatureSupport& feature) {
  const auto yes = [](bool is) { return is ? "yes" : "no"; };
  return "| `" + std::string(feature.name) + "` | " +
         (feature.for_readers ? "readers, writers" : "writers") + " | " + yes(feature.read) +
         " | " + yes(feature.written) + " | " + std::string(feature.note) + " |\n";
}

TEST(TheGuide, HasTheFeaturesThatAreKnown) {
  const char* source = getenv("AMPLOAD_SOURCE_DIR");
  ASSERT_NE(source, nullptr);
  std::ifstream file(std::string(source) + "/docs/formats/delta.md");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  std::string table =
      "| feature | asks something of | read | written | |\n| --- | --- | --- | --- | --- |\n";
  for (const auto& feature : KnownFeatures()) table += Row(feature);
  EXPECT_THAT(text, testing::HasSubstr("in src/loaders/deltalake/features.h has them -->\n" +
                                       table + "<!-- end of features -->"));
}

}  // namespace
}  // namespace ampload::deltalake
