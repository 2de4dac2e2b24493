// A server over one made-up chain, for tests that ask it with a client of theirs.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <utility>
#include <vector>

#include "conformance/amp/server/amp_server.h"

namespace ampload::conformance {

class ServedChain : public ::testing::Test {
 protected:
  void Serve(AmpServerOptions options, uint64_t blocks, const MadeUpRowsOptions& rows) {
    std::vector<ModelChain> chains;
    chains.emplace_back("main", 0, 1, std::make_shared<MadeUpRows>(rows));
    chains.front().Mine(blocks);
    chain_ = std::make_unique<ModelChain>(chains.front());
    server_ = AmpServer::Start(std::move(chains), std::move(options)).ValueOrDie();
  }

  std::unique_ptr<ModelChain> chain_;  // as it was at the start
  std::unique_ptr<AmpServer> server_;
};

}  // namespace ampload::conformance
