#include "loaders/deltalake/actions.h"

#include <gtest/gtest.h>

#include "matchers.h"

namespace ampload::deltalake {
namespace {

DeletionVectorDescriptor Vector() {
  return {.storage_type = "u",
          .path_or_inline = "ab^-aqEH.-t@S}K{vb[*k^",
          .offset = 4,
          .size_in_bytes = 40,
          .cardinality = 6};
}

AddFile PlainAdd() {
  AddFile add;
  add.path = "a";
  return add;
}

RemoveFile PlainRemove() {
  RemoveFile remove;
  remove.path = "a";
  return remove;
}

AddFile WholeAdd() {
  AddFile add;
  add.path = "date=2017-12-10/part%20000.parquet";
  add.partition_values = {{"date", "2017-12-10"}, {"region", std::nullopt}};
  add.size = 841454;
  add.modification_time = 1512909768000;
  add.data_change = false;
  add.stats = R"({"numRecords":1})";
  add.tags = TextMap{{"k", "v"}};
  add.deletion_vector = Vector();
  add.base_row_id = 4071;
  add.default_row_commit_version = 41;
  add.clustering_provider = "liquid";
  return add;
}

constexpr char kWholeAdd[] =
    R"({"add":{"path":"date=2017-12-10/part%20000.parquet",)"
    R"("partitionValues":{"date":"2017-12-10","region":null},"size":841454,)"
    R"("modificationTime":1512909768000,"dataChange":false,"stats":"{\"numRecords\":1}",)"
    R"("tags":{"k":"v"},"deletionVector":{"storageType":"u",)"
    R"("pathOrInlineDv":"ab^-aqEH.-t@S}K{vb[*k^","offset":4,"sizeInBytes":40,"cardinality":6},)"
    R"("baseRowId":4071,"defaultRowCommitVersion":41,"clusteringProvider":"liquid"}})";

Metadata WholeMetadata() {
  Metadata metadata;
  metadata.id = "af23c9d7-fff1-4a5a-a2c8-55c59bd782aa";
  metadata.name = "logs";
  metadata.description = "all \"logs\"";
  metadata.format_options = {{"o", "1"}};
  metadata.schema_string = R"({"type":"struct","fields":[]})";
  metadata.partition_columns = {"date", "region"};
  metadata.created_time = 1515491537026;
  metadata.configuration = {{"delta.appendOnly", "true"}};
  return metadata;
}

constexpr char kWholeMetadata[] =
    R"({"metaData":{"id":"af23c9d7-fff1-4a5a-a2c8-55c59bd782aa","name":"logs",)"
    R"("description":"all \"logs\"","format":{"provider":"parquet","options":{"o":"1"}},)"
    R"("schemaString":"{\"type\":\"struct\",\"fields\":[]}",)"
    R"("partitionColumns":["date","region"],"createdTime":1515491537026,)"
    R"("configuration":{"delta.appendOnly":"true"}}})";

RemoveFile WholeRemove() {
  RemoveFile remove;
  remove.path = "part-1.parquet";
  remove.deletion_timestamp = 1515488792485;
  remove.extended_file_metadata = true;
  remove.partition_values = PartitionValues{{"date", "2017-12-10"}};
  remove.size = 3;
  remove.stats = "{}";
  remove.tags = TextMap{};
  remove.deletion_vector = Vector();
  remove.deletion_vector->offset.reset();
  remove.base_row_id = 1;
  remove.default_row_commit_version = 2;
  return remove;
}

constexpr char kWholeRemove[] =
    R"({"remove":{"path":"part-1.parquet","deletionTimestamp":1515488792485,"dataChange":true,)"
    R"("extendedFileMetadata":true,"partitionValues":{"date":"2017-12-10"},"size":3,"stats":"{}",)"
    R"("tags":{},"deletionVector":{"storageType":"u","pathOrInlineDv":"ab^-aqEH.-t@S}K{vb[*k^",)"
    R"("sizeInBytes":40,"cardinality":6},"baseRowId":1,"defaultRowCommitVersion":2}})";

// Each by hand from the Delta protocol, "Actions".
std::vector<std::pair<Action, std::string>> Goldens() {
  return {
      {Protocol{}, R"({"protocol":{"minReaderVersion":1,"minWriterVersion":2}})"},
      {Protocol{3, 7, {{"deletionVectors"}}, {{"deletionVectors", "appendOnly"}}},
       R"({"protocol":{"minReaderVersion":3,"minWriterVersion":7,)"
       R"("readerFeatures":["deletionVectors"],"writerFeatures":["deletionVectors","appendOnly"]}})"},
      {WholeMetadata(), kWholeMetadata},
      {WholeAdd(), kWholeAdd},
      {PlainAdd(),
       R"({"add":{"path":"a","partitionValues":{},"size":0,"modificationTime":0,"dataChange":true}})"},
      {WholeRemove(), kWholeRemove},
      {PlainRemove(), R"({"remove":{"path":"a","dataChange":true}})"},
      {Txn{"ampload/p", INT64_MAX, 5},
       R"({"txn":{"appId":"ampload/p","version":9223372036854775807,"lastUpdated":5}})"},
      {Txn{"x", -1, std::nullopt}, R"({"txn":{"appId":"x","version":-1}})"},
      {DomainMetadata{"d", R"({"k":1})", true},
       R"({"domainMetadata":{"domain":"d","configuration":"{\"k\":1}","removed":true}})"},
      {CommitInfo{R"({"timestamp":1,"operation":"WRITE","userName":"é"})", 1, std::nullopt,
                  "WRITE"},
       R"({"commitInfo":{"timestamp":1,"operation":"WRITE","userName":"é"}})"},
      {CheckpointMetadata{7}, R"({"checkpointMetadata":{"version":7}})"},
      {Sidecar{"s.parquet", 2304522, 1512909768000},
       R"({"sidecar":{"path":"s.parquet","sizeInBytes":2304522,"modificationTime":1512909768000}})"},
  };
}

TEST(DeltaActions, AreWrittenInTheOrderOfTheProtocol) {
  for (const auto& [action, json] : Goldens()) EXPECT_EQ(ToJsonLine(action), json);
}

TEST(DeltaActions, AreReadFromTheirLines) {
  std::string text;
  std::vector<Action> expected;
  for (const auto& [action, json] : Goldens()) {
    text += json + "\n";
    expected.push_back(action);
  }
  ASSERT_OK_AND_ASSIGN(const auto read, ParseLogEntry(text, "file=x"));
  EXPECT_EQ(read, expected);
}

TEST(DeltaActions, ReadWhatOtherWritersLeaveOutOrAdd) {
  ASSERT_OK_AND_ASSIGN(
      const auto read,
      ParseLogEntry(R"({"add":{"path":"a","partitionValues":{},"size":1,"modificationTime":2,)"
                    R"("dataChange":true,"stats":null,"tags":{"x":null},"deletionVector":null,)"
                    R"("later":[1,{"a":2}]},"remove":null})"
                    "\r\n\n"
                    R"({"cdc":{"path":"c"}})"
                    "\n"
                    R"({"brandNew":17})",
                    "file=x"));
  AddFile expected = PlainAdd();
  expected.size = 1;
  expected.modification_time = 2;
  expected.tags = TextMap{};
  EXPECT_EQ(read, std::vector<Action>{expected});
}

TEST(DeltaActions, TakeCommitInfoAsItIs) {
  ASSERT_OK_AND_ASSIGN(
      const auto read,
      ParseLogEntry(R"({"commitInfo":{"z":1.5,"a":[],"timestamp":"yesterday","operation":3,)"
                    R"("inCommitTimestamp":77}})",
                    "file=x"));
  const auto& info = std::get<CommitInfo>(read.at(0));
  EXPECT_EQ(info.json,
            R"({"z":1.5,"a":[],"timestamp":"yesterday","operation":3,"inCommitTimestamp":77})");
  EXPECT_EQ(info.timestamp, std::nullopt);
  EXPECT_EQ(info.in_commit_timestamp, 77);
  EXPECT_EQ(info.operation, "");
}

TEST(DeltaActions, PutTheMembersOfCommitInfoOverItsText) {
  EXPECT_EQ(ToJsonLine(CommitInfo{R"({"inCommitTimestamp":1,"k":2})", 5, 9, "WRITE"}),
            R"({"commitInfo":{"inCommitTimestamp":9,"k":2,"timestamp":5,"operation":"WRITE"}})");
  EXPECT_EQ(ToJsonLine(CommitInfo{}), R"({"commitInfo":{}})");
}

TEST(DeltaActions, NeedNoNewlineAtTheEnd) {
  const std::string line = R"({"txn":{"appId":"x","version":1}})";
  for (const std::string end : {"", "\n", "\n\n"}) {
    ASSERT_OK_AND_ASSIGN(const auto read, ParseLogEntry(line + end, "file=x"));
    EXPECT_EQ(read.size(), 1u);
  }
}

TEST(DeltaActions, RefuseEveryPrefixOfALine) {
  const std::string first = "{\"txn\":{\"appId\":\"x\",\"version\":1}}\n";
  const std::string line = kWholeAdd;
  for (size_t length = 1; length < line.size(); ++length) {
    EXPECT_THAT(ParseLogEntry(first + line.substr(0, length), "file=f"),
                FailsWith(FailureKind::kPermanent, "the log entry is damaged: "))
        << length;
  }
}

TEST(DeltaActions, SayWhereTheDamageIs) {
  const std::string good = R"({"txn":{"appId":"x","version":1}})";
  const std::pair<const char*, const char*> cases[] = {
      {R"({"txn":{"appId":"x"}})", "txn.version is missing: file=f line=3"},
      {R"({"txn":{"appId":"x","version":null}})", "txn.version is missing"},
      {R"({"txn":{"appId":"x","version":1.0}})", "txn.version has a value of the wrong type"},
      {R"({"txn":{"appId":"x","version":9223372036854775808}})", "txn.version has a value of"},
      {R"({"txn":{"appId":7,"version":1}})", "txn.appId has a value of the wrong type"},
      {R"({"txn":[]})", "txn is no JSON object"},
      {R"([])", "the line is no JSON object"},
      {"\xff\xfe", "parse"},
      {R"({"protocol":{"minReaderVersion":2147483648,"minWriterVersion":2}})",
       "protocol.minReaderVersion has a value"},
      {R"({"protocol":{"minReaderVersion":1,"minWriterVersion":2,"readerFeatures":[1]}})",
       "protocol.readerFeatures has a value"},
      {R"({"add":{"path":"a","partitionValues":{"x":1},"size":1,"modificationTime":2,"dataChange":true}})",
       "add.partitionValues has a value"},
      {R"({"add":{"path":"a","partitionValues":{},"size":1,"modificationTime":2}})",
       "add.dataChange is missing"},
      {R"({"remove":{"path":"a","dataChange":true,"deletionVector":{"storageType":"u"}}})",
       "deletionVector.pathOrInlineDv is missing"},
      {R"({"metaData":{"id":"a","schemaString":"","partitionColumns":[],"configuration":{}}})",
       "metaData.format"},
  };
  for (const auto& [line, text] : cases) {
    EXPECT_THAT(ParseLogEntry(good + "\n\n" + line + "\n" + good, "file=f"),
                FailsWith(FailureKind::kPermanent, text))
        << line;
  }
  EXPECT_THAT(ParseLogEntry("", "file=f"),
              FailsWith(FailureKind::kPermanent, "the file is empty: file=f"));
}

TEST(DeltaActions, RefuseNestingWithoutEnd) {
  const std::string deep = std::string(100'000, '[') + std::string(100'000, ']');
  EXPECT_THAT(ParseLogEntry(R"({"commitInfo":{"x":)" + deep + "}}", "file=f"),
              FailsWith(FailureKind::kPermanent, "nested too deeply"));
}

TEST(DeltaActions, TellDeletionVectorsApart) {
  DeletionVectorDescriptor vector = Vector();
  EXPECT_EQ(vector.UniqueId(), "uab^-aqEH.-t@S}K{vb[*k^@4");
  vector.offset.reset();
  EXPECT_EQ(vector.UniqueId(), "uab^-aqEH.-t@S}K{vb[*k^");
}

}  // namespace
}  // namespace ampload::deltalake
