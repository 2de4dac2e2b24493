#include "ampload/loader_traits.h"

namespace ampload {

std::string_view ToString(CommitKind kind) {
  switch (kind) {
    case CommitKind::kNone:
      return "none";
    case CommitKind::kAtomic:
      return "atomic";
    case CommitKind::kJournaled:
      return "journaled";
    case CommitKind::kTagged:
      return "tagged";
  }
  return "unknown";
}

std::string_view ToString(Visibility visibility) {
  switch (visibility) {
    case Visibility::kCommit:
      return "commit";
    case Visibility::kRow:
      return "row";
  }
  return "unknown";
}

}  // namespace ampload
