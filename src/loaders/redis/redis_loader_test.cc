#include "loaders/redis/redis_loader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "loaders/redis/fake_server_for_test.h"
#include "loaders/redis/structure.h"
#include "matchers.h"

namespace ampload::redis {
namespace {

TEST(RedisLoader, CanWhatItsStructureCan) {
  for (const auto& name : StructureNames()) {
    ASSERT_OK_AND_ASSIGN(const auto loader, Descriptor().make({{"structure", name}}));
    const auto& traits = FactsOf(*StructureOf(name)).traits;
    EXPECT_EQ(loader->traits().supports_streaming, traits.supports_streaming) << name;
    EXPECT_EQ(loader->traits().supported_modes.ToString(), traits.supported_modes.ToString());
  }
  ASSERT_OK_AND_ASSIGN(const auto list, Descriptor().make({{"structure", "list"}}));
  EXPECT_FALSE(list->traits().supports_streaming);
  ASSERT_OK_AND_ASSIGN(const auto usual, Descriptor().make({}));
  EXPECT_TRUE(usual->traits().supports_streaming);
}

TEST(RedisLoader, KeepsItsOwnKeysFromLoads) {
  FakeServer server([](Peer& peer) {
    Greet(peer);
    peer.Drain();
  });
  RedisLoader loader(server.config());
  ASSERT_THAT(loader.Connect({}), IsOk());
  TableSpec spec;
  spec.name = "__ampload__:tables";
  spec.schema = arrow::schema({arrow::field("a", arrow::int8())});
  EXPECT_THAT(loader.OpenSession({&spec, 1}),
              FailsWith(FailureKind::kConfiguration, "ampload's own"));
  EXPECT_THAT(loader.PlanTable(spec, nullptr),
              FailsWith(FailureKind::kConfiguration, "ampload's own"));
}

}  // namespace
}  // namespace ampload::redis
