// What S3 answers: the few XML documents, read as far as they are needed. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ampload/status.h"
#include "lake/object_store.h"

namespace ampload::lake {

// The text of the first element of that name, with its references resolved; "" where there is none.
std::string XmlText(std::string_view xml, std::string_view element);

struct S3Listing {
  std::vector<ObjectInfo> files;     // path: the whole key
  std::vector<std::string> folders;  // whole prefixes, with the slash at their ends
  std::string next;                  // the token of the next page; "": there is none
};

// A permanent failure for a text that is no such answer.
Result<S3Listing> ParseListing(std::string_view xml);

}  // namespace ampload::lake
