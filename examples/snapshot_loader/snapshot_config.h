#pragma once
#include <string>

struct SnapshotConfig {
  std::string path;
};
