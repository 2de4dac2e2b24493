#pragma once
#include <string>

struct MinimalConfig {
  std::string path;
};
