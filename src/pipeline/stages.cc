#include "pipeline/stages.h"

#include <algorithm>
#include <exception>
#include <mutex>
#include <new>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "loader/row_op.h"
#include "pipeline/arrow_bytes.h"
#include "pipeline/byte_queue.h"

namespace ampload::pipeline {
namespace {

constexpr std::chrono::milliseconds kProgressInterval(100);

// One batch on its way.
struct Item {
  std::shared_ptr<void> token;  // ends when the item's memory has ended: declared first
  StagedBatch staged;
  std::shared_ptr<arrow::RecordBatch> source;  // the same rows as the source gave them
  int64_t arrow_bytes = 0;
  bool ends_batch = true;  // the last part of what the source gave
};

std::string PlaceOf(const StagedBatch& staged, int64_t row) {
  return (staged.origin.empty() ? "" : "file=" + staged.origin + " ") +
         "row=" + std::to_string(staged.first_row + row);
}

// The message with the place of its row behind it.
Status AtPlace(const Status& status, const std::string& place) {
  return status.WithMessage(MessageOf(status), " ", place);
}

// A bad row that fails the load.
Status AsFailure(const Status& status) {
  return status.WithMessage(MessageOf(status),
                            " (--on-bad-row quarantine would set such rows aside)");
}

class Stages {
 public:
  Stages(Source& source, WriteSession& session, const LoadRequest& request,
         std::chrono::steady_clock::time_point started, const CallContext& context,
         StageCounts& counts)
      : source_(source),
        session_(session),
        encoder_(session.encoder(0)),
        request_(request),
        started_(started),
        outer_(context),
        inner_{stop_.get_token(), context.deadline},
        counts_(counts),
        read_(request.queue_bytes),
        encoded_(request.queue_bytes) {
    counts_.has_encoder = encoder_ != nullptr;
  }

  Status Run() {
    {
      // Runs in the thread that asks for the stop.
      const std::stop_callback on_stop(
          outer_.stop, [this] { Guard("stop request", [this] { return outer_.Check(); }); });
      std::jthread reader;
      std::jthread encoder;
      Guard("starting the threads", [&] {
        reader = std::jthread([this] { Guard("reader", [this] { return ReadAll(); }); });
        if (encoder_ != nullptr) {
          encoder = std::jthread([this] { Guard("encoder", [this] { return EncodeAll(); }); });
        }
        return Status::OK();
      });
      Guard("writer", [this] { return StageAll(); });
    }
    const std::lock_guard lock(mutex_);
    return std::move(failure_);
  }

 private:
  template <class Work>
  void Guard(std::string_view where, Work work) {
    try {
      Status status = work();
      if (!status.ok()) Fail(std::move(status));
    } catch (...) {
      try {
        Fail(CaughtFailure(where));
      } catch (...) {
        Fail(std::move(no_memory_for_a_message_));
      }
    }
  }

  // The first failure is the load's; it ends every wait, so what others report afterwards only
  // follows from it. Allocates nothing.
  void Fail(Status status) {
    {
      const std::lock_guard lock(mutex_);
      if (!failure_.ok()) return;
      failure_ = std::move(status);
    }
    read_.Close(std::move(read_given_up_));
    encoded_.Close(std::move(encoded_given_up_));
    if (request_.source_pool != nullptr) request_.source_pool->Interrupt();
    stop_.request_stop();
  }

  Status ReadAll() {
    int64_t next_row = 0;
    for (;;) {
      ARROW_RETURN_NOT_OK(inner_.Check());
      ARROW_ASSIGN_OR_RAISE(std::optional<SourceBatch> next, source_.Next(inner_));
      if (!next.has_value()) break;
      ARROW_RETURN_NOT_OK(CheckBatch(*next));
      const int64_t rows = next->batch->num_rows();
      for (auto& record : next->bad) {
        ARROW_RETURN_NOT_OK(SetAside({.row = nullptr,
                                      .raw = std::move(record.raw),
                                      .origin = next->origin,
                                      .ordinal = -1,
                                      .reason = std::move(record.reason)}));
      }
      if (rows == 0) continue;
      Item item;
      if (request_.source_pool != nullptr) item.token = request_.source_pool->OnItsWay();
      item.arrow_bytes = ArrowBytes(*next->batch);
      item.source = std::move(next->batch);
      item.staged.first_row = next_row;
      item.staged.origin = std::move(next->origin);
      next_row += rows;
      counts_.batches_read += 1;
      counts_.rows_read += rows;
      counts_.bytes_read += item.arrow_bytes;
      ARROW_RETURN_NOT_OK(ShapeAndPush(std::move(item)));
    }
    read_.Close(Status::OK());
    return Status::OK();
  }

  // From the source's columns to the table's, into the first queue.
  Status ShapeAndPush(Item whole) {
    return WithoutBadRows(std::move(whole), [this](Item& item) -> Status {
      auto shaped = request_.shape.Apply(item.source);
      if (!shaped.ok()) {
        const auto bad = BadRowOf(shaped.status());
        return bad.has_value() ? AtPlace(shaped.status(), PlaceOf(item.staged, *bad))
                               : shaped.status();
      }
      item.staged.batch = std::move(*shaped);
      item.staged.op_column = OpColumnOf(request_.table.mode, *item.staged.batch->schema());
      const int64_t weight = item.arrow_bytes + kBatchOverhead;
      return read_.Push(std::move(item), weight, inner_.stop);
    });
  }

  // Encoded rows may be many times larger than Arrow's: a batch whose rows, by those before, would
  // take more than half of a queue is encoded in parts. The first one begins with a few rows.
  Status EncodeInParts(Item item) {
    constexpr int64_t kFirstRows = 1024;
    constexpr int64_t kFewestRows = 64;
    const int64_t rows = item.source->num_rows();
    int64_t done = 0;
    while (done < rows) {
      const double row_bytes = encoded_row_bytes_;
      const auto fit =
          row_bytes > 0
              ? static_cast<int64_t>(static_cast<double>(request_.queue_bytes) / 2 / row_bytes)
              : kFirstRows;
      const int64_t count = std::min(rows - done, std::max<int64_t>(fit, kFewestRows));
      if (count == rows) return EncodeAndPush(std::move(item));
      ARROW_RETURN_NOT_OK(EncodeAndPush(Part(item, done, count)));
      done += count;
    }
    return Status::OK();
  }

  Status EncodeAndPush(Item whole) {
    return WithoutBadRows(std::move(whole), [this](Item& item) -> Status {
      ARROW_ASSIGN_OR_RAISE(item.staged.encoded, encoder_->Encode(item.staged));
      if (item.staged.encoded == nullptr) return PermanentError("encoder: gave no encoded batch");
      encoded_row_bytes_ = static_cast<double>(item.staged.encoded->size_bytes()) /
                           static_cast<double>(std::max<int64_t>(item.source->num_rows(), 1));
      const int64_t weight = item.arrow_bytes + item.staged.encoded->size_bytes() + kBatchOverhead;
      return encoded_.Push(std::move(item), weight, inner_.stop);
    });
  }

  // `hand_on` fails with a bad row before it has taken anything: that one is set aside, and what is
  // before and behind it is handed on in its order. There may be as many as the batch has rows:
  // near a bad row only a few are tried at once, since each failure costs all that were tried.
  template <class HandOn>
  Status WithoutBadRows(Item whole, const HandOn& hand_on) {
    constexpr int64_t kFewRows = 64;
    int64_t at_once = whole.source->num_rows();
    std::vector<Item> left;  // the next one at the end
    left.push_back(std::move(whole));
    while (!left.empty()) {
      Item item = std::move(left.back());
      left.pop_back();
      if (const int64_t rest = item.source->num_rows() - at_once; rest > 0) {
        left.push_back(Part(item, at_once, rest));
        item = Part(item, 0, at_once);
      }
      const Status done = hand_on(item);
      if (done.ok()) {
        at_once *= 2;
        continue;
      }
      const auto bad = BadRowOf(done);
      if (!bad.has_value() || request_.bad_rows == nullptr) {
        return bad.has_value() ? AsFailure(done) : done;
      }
      ARROW_RETURN_NOT_OK(SetAsideRow(item, *bad, MessageOf(done)));
      at_once = std::max(kFewRows, 2 * *bad);
      const int64_t behind = item.source->num_rows() - *bad - 1;
      if (behind > 0) left.push_back(Part(item, *bad + 1, behind));
      if (*bad == 0) continue;
      left.push_back(Part(item, 0, *bad));
      left.back().ends_batch = item.ends_batch && behind == 0;
    }
    return Status::OK();
  }

  static Item Part(const Item& item, int64_t first, int64_t rows) {
    Item part;
    part.token = item.token;
    part.source = item.source->Slice(first, rows);
    if (item.staged.batch != nullptr) part.staged.batch = item.staged.batch->Slice(first, rows);
    part.staged.op_column = item.staged.op_column;
    part.staged.first_row = item.staged.first_row + first;
    part.staged.origin = item.staged.origin;
    part.arrow_bytes = ArrowBytes(*part.source);
    part.ends_batch = item.ends_batch && first + rows == item.source->num_rows();
    return part;
  }

  Status SetAsideRow(const Item& item, int64_t row, std::string reason) {
    ARROW_ASSIGN_OR_RAISE(auto alone, OnlyRow(item.source, row));
    return SetAside({.row = std::move(alone),
                     .raw = {},
                     .origin = item.staged.origin,
                     .ordinal = item.staged.first_row + row,
                     .reason = std::move(reason)});
  }

  Status SetAside(BadRow row) {
    if (request_.bad_rows == nullptr) return DataError(row.reason);
    counts_.rows_bad += 1;
    return request_.bad_rows->Add(std::move(row));
  }

  // The promise of Source, checked because encoders read columns by it.
  Status CheckBatch(const SourceBatch& next) const {
    if (next.batch == nullptr) return PermanentError("source: gave no batch");
    const auto& expected = source_.schema();
    if (next.batch->schema() == expected || next.batch->schema()->Equals(*expected)) {
      return Status::OK();
    }
    return DataError("source: a batch has another schema than the source: origin=" + next.origin +
                     " schema=" + next.batch->schema()->ToString());
  }

  Status EncodeAll() {
    for (;;) {
      ARROW_RETURN_NOT_OK(inner_.Check());
      ARROW_ASSIGN_OR_RAISE(std::optional<Item> item, read_.Pop(inner_.stop));
      if (!item.has_value()) break;
      ARROW_RETURN_NOT_OK(EncodeInParts(*std::move(item)));
    }
    encoded_.Close(Status::OK());
    return Status::OK();
  }

  // Rows that the store itself would not take.
  Status SetAsideRejected(const Item& item) {
    for (auto& rejected : session_.TakeRejected()) {
      if (request_.bad_rows == nullptr) {
        return DataError("the store did not take a row: row=" + std::to_string(rejected.row) +
                         " reason=" + rejected.reason);
      }
      const int64_t row = rejected.row - item.staged.first_row;
      ARROW_RETURN_NOT_OK(SetAsideRow(item, row, std::move(rejected.reason)));
      counts_.rows_staged -= 1;
    }
    return Status::OK();
  }

  Status StageAll() {
    auto& queue = encoder_ != nullptr ? encoded_ : read_;
    for (;;) {
      if (request_.on_progress) {
        while (!queue.WaitUntilReady(next_report_, inner_.stop)) Report();
      }
      ARROW_RETURN_NOT_OK(inner_.Check());
      ARROW_ASSIGN_OR_RAISE(std::optional<Item> item, queue.Pop(inner_.stop));
      if (!item.has_value()) return Status::OK();
      const int64_t rows = item->staged.batch->num_rows();
      const int64_t bytes =
          item->staged.encoded ? item->staged.encoded->size_bytes() : item->arrow_bytes;
      const bool ends_batch = item->ends_batch;
      Item rest;
      rest.token = item->token;
      rest.source = item->source;
      rest.staged.first_row = item->staged.first_row;
      rest.staged.origin = item->staged.origin;
      ARROW_RETURN_NOT_OK(session_.Stage(std::move(item->staged), inner_));
      if (ends_batch) counts_.batches_staged += 1;
      counts_.rows_staged += rows;
      counts_.bytes_staged += bytes;
      ARROW_RETURN_NOT_OK(SetAsideRejected(rest));
      if (request_.on_progress && std::chrono::steady_clock::now() >= next_report_) Report();
    }
  }

  void Report() {
    const auto now = std::chrono::steady_clock::now();
    next_report_ = now + kProgressInterval;
    request_.on_progress({.rows_read = counts_.rows_read,
                          .rows_staged = counts_.rows_staged,
                          .rows_bad = counts_.rows_bad,
                          .bytes_read = counts_.bytes_read,
                          .bytes_staged = counts_.bytes_staged,
                          .seconds = std::chrono::duration<double>(now - started_).count()});
  }

  Source& source_;
  WriteSession& session_;
  const BatchEncoder* encoder_;
  const LoadRequest& request_;
  const std::chrono::steady_clock::time_point started_;
  const CallContext& outer_;
  std::stop_source stop_;
  const CallContext inner_;  // stops with the first failure of any stage
  StageCounts& counts_;
  double encoded_row_bytes_ = 0;  // of the last batch; the encoder thread's own
  ByteQueue<Item> read_;
  ByteQueue<Item> encoded_;
  std::chrono::steady_clock::time_point next_report_ =
      std::chrono::steady_clock::now() + kProgressInterval;
  std::mutex mutex_;
  Status failure_;
  // Made beforehand, for when there is no memory left.
  Status no_memory_for_a_message_ = PermanentError("out of memory");
  Status read_given_up_ = Status::Cancelled("another stage of the load failed");
  Status encoded_given_up_ = Status::Cancelled("another stage of the load failed");
};

}  // namespace

Status CaughtFailure(std::string_view where) {
  try {
    throw;
  } catch (const std::bad_alloc&) {
    return PermanentError(std::string(where) + ": out of memory");
  } catch (const std::exception& error) {
    return PermanentError(std::string(where) + ": " + error.what());
  } catch (...) {
    return PermanentError(std::string(where) + ": an exception of unknown type");
  }
}

Status RunStages(Source& source, WriteSession& session, const LoadRequest& request,
                 std::chrono::steady_clock::time_point started, const CallContext& context,
                 StageCounts& counts) {
  return Stages(source, session, request, started, context, counts).Run();
}

}  // namespace ampload::pipeline
