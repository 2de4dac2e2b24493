#include "loaders/deltalake/deltalake_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "loaders/deltalake/table_properties.h"
#include "matchers.h"

namespace ampload::deltalake {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;
using testing::UnorderedElementsAre;

constexpr auto kWrong = FailureKind::kConfiguration;

TEST(ParseDeltaLakeUri, TakesAFolderAndOptions) {
  ASSERT_OK_AND_ASSIGN(auto options, ParseDeltaLakeUri("delta:/data/lake?durability=process"));
  EXPECT_THAT(options,
              UnorderedElementsAre(Pair("path", "/data/lake"), Pair("durability", "process")));
  ASSERT_OK_AND_ASSIGN(options, ParseDeltaLakeUri("delta:lake"));
  EXPECT_THAT(options, UnorderedElementsAre(Pair("path", "lake")));
  ASSERT_OK_AND_ASSIGN(options, ParseDeltaLakeUri("delta:a%20b%3Fc?partition_by=x%2Cy"));
  EXPECT_THAT(options, UnorderedElementsAre(Pair("path", "a b?c"), Pair("partition_by", "x,y")));
}

TEST(ParseDeltaLakeUri, TakesABucketAndAPrefix) {
  ASSERT_OK_AND_ASSIGN(
      const auto options,
      ParseDeltaLakeUri(
          "delta:s3://bucket/a/b?region=eu-west-1&endpoint=http%3A%2F%2F127.0.0.1:9000"));
  EXPECT_THAT(options,
              UnorderedElementsAre(Pair("path", "s3://bucket/a/b"), Pair("region", "eu-west-1"),
                                   Pair("endpoint", "http://127.0.0.1:9000")));
}

TEST(ParseDeltaLakeUri, RefusesCredentialsAndQuotesNone) {
  for (const char* uri :
       {"delta:s3://b/x?access_key=AKIA&secret_key=sesame", "delta:s3://b/x?secret_key=sesame",
        "delta:s3://b?session_token=sesame"}) {
    const auto options = ParseDeltaLakeUri(uri);
    EXPECT_THAT(options, FailsWith(kWrong, "holds no credentials")) << uri;
    EXPECT_THAT(options.status().message(), Not(HasSubstr("sesame"))) << uri;
  }
  const auto config = ParseDeltaLakeConfig({{"path", "s3://AKIA:sesame@bucket/x"}});
  EXPECT_THAT(config, FailsWith(kWrong, "holds no credentials"));
  EXPECT_THAT(config.status().message(), Not(HasSubstr("sesame")));
}

TEST(DeltaLakeConfig, HasTheDefaultsThatItDeclares) {
  ASSERT_OK_AND_ASSIGN(const auto config, ParseDeltaLakeConfig({{"path", "lake"}}));
  EXPECT_EQ(config.store().durability, lake::Durability::kPower);
  EXPECT_EQ(config.store().s3.request_timeout_ms, 30'000);
  EXPECT_EQ(config.store().s3.connect_timeout_ms, 10'000);
  EXPECT_EQ(config.store().s3.retry_for_ms, 60'000);
  EXPECT_EQ(config.codec(), parquet::Compression::ZSTD);
  EXPECT_EQ(config.target_file_size, 256 << 20);
  EXPECT_EQ(config.row_group_rows, 1 << 20);
  EXPECT_EQ(config.checkpoint_interval, 0);
  EXPECT_EQ(config.commit_retry_for, 300'000);
  EXPECT_TRUE(config.dictionary);
  EXPECT_TRUE(config.clean_log);
  EXPECT_THAT(config.partition_columns(), IsEmpty());
  EXPECT_THAT(config.table_properties(), IsEmpty());
}

TEST(DeltaLakeConfig, HandsTheStoreWhatIsTheStores) {
  ASSERT_OK_AND_ASSIGN(const auto config, ParseDeltaLakeConfig({{"path", "s3://b/x"},
                                                                {"durability", "process"},
                                                                {"region", "r"},
                                                                {"endpoint", "https://e"},
                                                                {"access_key", "k"},
                                                                {"secret_key", "s"},
                                                                {"session_token", "t"},
                                                                {"request_timeout", "1s"},
                                                                {"connect_timeout", "2s"},
                                                                {"retry_for", "3s"}}));
  const auto store = config.store();
  EXPECT_EQ(store.durability, lake::Durability::kProcess);
  EXPECT_EQ(store.s3.region, "r");
  EXPECT_EQ(store.s3.endpoint, "https://e");
  EXPECT_EQ(store.s3.access_key, "k");
  EXPECT_EQ(store.s3.secret_key, "s");
  EXPECT_EQ(store.s3.session_token, "t");
  EXPECT_EQ(store.s3.request_timeout_ms, 1000);
  EXPECT_EQ(store.s3.connect_timeout_ms, 2000);
  EXPECT_EQ(store.s3.retry_for_ms, 3000);
}

TEST(DeltaLakeConfig, KnowsTheCodecs) {
  for (const auto& [name, codec] :
       {std::pair{"zstd", parquet::Compression::ZSTD},
        std::pair{"snappy", parquet::Compression::SNAPPY},
        std::pair{"gzip", parquet::Compression::GZIP}, std::pair{"lz4", parquet::Compression::LZ4},
        std::pair{"none", parquet::Compression::UNCOMPRESSED}}) {
    ASSERT_OK_AND_ASSIGN(const auto config,
                         ParseDeltaLakeConfig({{"path", "lake"}, {"compression", name}}));
    EXPECT_EQ(config.codec(), codec) << name;
  }
}

TEST(DeltaLakeConfig, RefusesValuesThatCannotBe) {
  const auto with = [](const char* name, const char* value) {
    ConfigMap config = {{"path", "s3://b/x"}};
    config[name] = value;
    return ParseDeltaLakeConfig(config);
  };
  EXPECT_THAT(ParseDeltaLakeConfig({}), FailsWith(kWrong, "path"));
  EXPECT_THAT(with("path", ""), FailsWith(kWrong, "path"));
  EXPECT_THAT(with("path", "s3://"), FailsWith(kWrong, "s3://bucket/prefix"));
  EXPECT_THAT(with("path", "s3:///x"), FailsWith(kWrong, "s3://bucket/prefix"));
  EXPECT_THAT(with("path", "s3a://b/x"), FailsWith(kWrong, "s3:// in place of s3a://"));
  EXPECT_THAT(with("path", "gs://b/x"), FailsWith(kWrong, "a folder, or s3://"));
  EXPECT_THAT(with("durability", "disk"), FailsWith(kWrong, "power, process"));
  EXPECT_THAT(with("compression", "brotli"), FailsWith(kWrong, "zstd, snappy"));
  EXPECT_THAT(with("compression_level", "23"), FailsWith(kWrong, "1 to 22"));
  EXPECT_THAT(with("target_file_size", "1"), FailsWith(kWrong, "target_file_size"));
  EXPECT_THAT(with("row_group_rows", "0"), FailsWith(kWrong, "row_group_rows"));
  EXPECT_THAT(with("checkpoint_interval", "-1"), FailsWith(kWrong, "checkpoint_interval"));
  EXPECT_THAT(with("request_timeout", "0s"), FailsWith(kWrong, "request_timeout"));
  EXPECT_THAT(with("endpoint", "localhost:9000"), FailsWith(kWrong, "http://host:port"));
  EXPECT_THAT(with("access_key", "k"), FailsWith(kWrong, "both or neither"));
  EXPECT_THAT(with("session_token", "k"), FailsWith(kWrong, "belongs to a key"));
  EXPECT_THAT(with("partition_by", "a,,b"), FailsWith(kWrong, "commas between"));
  EXPECT_THAT(with("partition_by", "a, b,a"), FailsWith(kWrong, "named twice: column=a"));
  EXPECT_THAT(with("partitioned_by", "a"), FailsWith(kWrong, "did you mean partition_by?"));
  EXPECT_THAT(with("compresion", "zstd"), FailsWith(kWrong, "did you mean compression?"));
  EXPECT_THAT(
      ParseDeltaLakeConfig({{"path", "x"}, {"compression", "snappy"}, {"compression_level", "3"}}),
      FailsWith(kWrong, "about zstd and gzip"));
  EXPECT_THAT(ParseDeltaLakeConfig({{"path", "x"}, {"region", "r"}}),
              FailsWith(kWrong, "region is about S3"));
}

TEST(DeltaLakeConfig, TakesPartitionColumnsAndProperties) {
  ASSERT_OK_AND_ASSIGN(
      const auto config,
      ParseDeltaLakeConfig({{"path", "lake"},
                            {"partition_by", "date, region"},
                            {"properties",
                             "delta.appendOnly=true, delta.dataSkippingStatsColumns=a,b,"
                             "owner=me=you"}}));
  EXPECT_THAT(config.partition_columns(), ElementsAre("date", "region"));
  EXPECT_THAT(config.table_properties(),
              ElementsAre(Pair("delta.appendOnly", "true"),
                          Pair("delta.dataSkippingStatsColumns", "a,b"), Pair("owner", "me=you")));
}

TEST(TableProperties, AreDeltasOwnOrTheUsers) {
  const auto with = [](const char* text) {
    return ParseDeltaLakeConfig({{"path", "lake"}, {"properties", text}});
  };
  EXPECT_THAT(with("delta.apendOnly=true"), FailsWith(kWrong, "did you mean delta.appendOnly?"));
  EXPECT_THAT(with("delta.appendOnly=yes"), FailsWith(kWrong, "true or false"));
  EXPECT_THAT(with("delta.checkpointInterval=often"), FailsWith(kWrong, "whole number"));
  EXPECT_THAT(with("delta.columnMapping.mode=both"), FailsWith(kWrong, "none, name or id"));
  EXPECT_THAT(with("delta.minWriterVersion=7"), FailsWith(kWrong, "leave this one out"));
  EXPECT_THAT(with("delta.feature.deletionVectors=supported"), FailsWith(kWrong, "leave this one"));
  EXPECT_THAT(with("appendOnly"), FailsWith(kWrong, "name=value"));
  EXPECT_THAT(with("=x"), FailsWith(kWrong, "name=value"));
  EXPECT_THAT(with("a=1,a=2"), FailsWith(kWrong, "twice: property=a"));
  EXPECT_THAT(with("delta.dataSkippingNumIndexedCols=-1"), IsOk());
  EXPECT_THAT(with(" "), IsOk());
}

}  // namespace
}  // namespace ampload::deltalake
