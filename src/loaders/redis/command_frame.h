// The words of a row's command that are the same for every row: what stands around its name and its
// values. See row_form.h for the commands.
#pragma once

#include <string>

#include "loaders/redis/row_form.h"

namespace ampload::redis {

struct CommandFrame {
  int words = 0;            // without a stream's or hash's fields
  std::string verb;         // "$4\r\nHSET\r\n", and the key where it is that of the whole table
  std::string middle;       // in front of a row that is one value; ends with its '$'
  std::string tail;         // behind the row
  std::string expiry_head;  // the second command, around its key
  std::string expiry_tail;

  std::string head() const;  // how many words, and the verb: where no row has words of its own
};

CommandFrame FrameOf(const RowForm& form);

}  // namespace ampload::redis
