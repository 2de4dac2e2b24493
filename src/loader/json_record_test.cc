#include "loader/json_record.h"

#include <arrow/api.h>
#include <arrow/ipc/api.h>
#include <gtest/gtest.h>

#include "matchers.h"

namespace ampload {
namespace {

Result<int> NumberIn(const std::string& text) {
  return FromJsonRecord<int>("shop", text, "load/t", [](const nlohmann::json& json) {
    return Result<int>(json.at("number").get<int>());
  });
}

TEST(JsonRecord, IsReadWhereItsVersionIsKnown) {
  ASSERT_OK_AND_ASSIGN(const int number, NumberIn(R"({"version":1,"number":7,"more":true})"));
  EXPECT_EQ(number, 7);
}

TEST(JsonRecord, SaysWhichOneIsDamagedAndHow) {
  for (const auto* text : {"", "{", "[]", R"({"number":7})", R"({"version":1})",
                           R"({"version":1,"number":"x"})", R"({"version":"1","number":7})"}) {
    EXPECT_THAT(NumberIn(text), FailsWith(FailureKind::kPermanent, "shop: ampload's own record"))
        << text;
    EXPECT_THAT(NumberIn(text), FailsWith(FailureKind::kPermanent, "record=load/t")) << text;
  }
  EXPECT_THAT(NumberIn(R"({"version":2,"number":7})"),
              FailsWith(FailureKind::kPermanent, "reason=version 2"));
}

TEST(SchemaFromBytes, GivesBackTheSchemaAndRefusesOtherBytes) {
  const auto schema = arrow::schema({arrow::field("a", arrow::uint64(), false)});
  ASSERT_OK_AND_ASSIGN(const auto bytes, arrow::ipc::SerializeSchema(*schema));
  ASSERT_OK_AND_ASSIGN(const auto read, SchemaFromBytes("shop", std::string_view(*bytes), "s"));
  EXPECT_TRUE(read->Equals(*schema));
  EXPECT_THAT(SchemaFromBytes("shop", "not a schema", "s"),
              FailsWith(FailureKind::kPermanent, "record=s"));
}

}  // namespace
}  // namespace ampload
