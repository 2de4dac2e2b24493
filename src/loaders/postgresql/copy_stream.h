// Rows on their way into one table: COPY after COPY over one connection, within its transaction.
//
// A COPY is ended and begun anew after some 64 MiB, and when the server speaks: a row that it
// refuses is known then, and not at the end of the load.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ampload/status.h"
#include "loaders/postgresql/connection.h"
#include "loaders/postgresql/rows_form.h"

namespace ampload::postgresql {

// Some rows' bytes, and where they come from.
struct TupleRun {
  std::shared_ptr<arrow::Buffer> bytes;
  int64_t rows = 0;
  int64_t first_row = 0;  // ordinal in the load
  std::string origin;     // a file; may be empty
};

class CopyStream {
 public:
  // `statement` is the COPY; `where` ends messages (": table=public.logs"). At most flush_bytes are
  // given to the connection at once.
  CopyStream(Connection& connection, std::string statement, std::string where, int64_t flush_bytes);

  // A failure may be about an earlier row; it names the row's place in the load.
  Status Put(const TupleRun& run, const CallContext& context);
  // Ends the COPY at hand. Afterwards the server has confirmed every row that was put.
  Status End(const CallContext& context);

  int64_t rows_put() const { return rows_put_; }
  int64_t bytes_put() const { return bytes_put_; }

 private:
  struct Part {
    int64_t rows = 0;
    int64_t first_row = 0;
    std::string origin;
  };

  Status Start(const CallContext& context);
  Status WithPlace(const Status& failure) const;

  Connection& connection_;
  std::string statement_;
  std::string where_;
  size_t flush_bytes_;
  std::vector<Part> parts_;  // of the COPY at hand
  int64_t copy_bytes_ = 0;   // the same
  int64_t rows_put_ = 0;
  int64_t bytes_put_ = 0;
};

}  // namespace ampload::postgresql
