#include "pipeline/stream_reader.h"

#include <utility>

#include "base/clock.h"
#include "loader/lineage.h"
#include "pipeline/arrow_bytes.h"
#include "pipeline/stages.h"
#include "stream/range_text.h"

namespace ampload::pipeline {

StreamReader::StreamReader(std::unique_ptr<Source> connection, stream::ConnectionRules rules,
                           RowPlan plan, int64_t queue_bytes)
    : connection_(std::move(connection)),
      rules_(std::move(rules)),
      plan_(std::move(plan)),
      read_(queue_bytes),
      ready_(queue_bytes),
      reader_([this] { ReadAll(); }),
      preparer_([this] { PrepareAll(); }) {}

StreamReader::~StreamReader() {
  stop_.request_stop();
  read_.Close(Status::Cancelled("the connection is closed"));
  ready_.Close(Status::Cancelled("the connection is closed"));
}

Result<std::optional<StreamItem>> StreamReader::Next() {
  ARROW_ASSIGN_OR_RAISE(auto next, ready_.Pop());
  if (!next.has_value()) return std::optional<StreamItem>();
  if (next->item.has_value()) return std::move(next->item);
  if (next->end.ok()) return std::optional<StreamItem>();
  return next->end;
}

void StreamReader::ReadAll() {
  Status end;
  try {
    end = Read();
  } catch (...) {
    end = CaughtFailure("stream: reader");
  }
  (void)read_.Push({std::nullopt, std::move(end)}, 0, stop_.get_token());
  read_.Close(Status::OK());
}

Status StreamReader::Read() {
  const CallContext context{.stop = stop_.get_token()};
  for (;;) {
    ARROW_ASSIGN_OR_RAISE(auto message, connection_->Next(context));
    if (!message.has_value()) return Status::OK();
    const int64_t bytes = ArrowBytes(*message->batch) + kBatchOverhead;
    ARROW_RETURN_NOT_OK(read_.Push({*std::move(message), Status::OK()}, bytes, stop_.get_token()));
  }
}

void StreamReader::PrepareAll() {
  Status end;
  try {
    end = Prepare();
  } catch (...) {
    end = CaughtFailure("stream: encoder");
  }
  (void)ready_.Push({std::nullopt, std::move(end)}, 0, stop_.get_token());
  ready_.Close(Status::OK());
}

Status StreamReader::Prepare() {
  for (;;) {
    ARROW_ASSIGN_OR_RAISE(auto next, read_.Pop(stop_.get_token()));
    if (!next.has_value()) return Status::OK();
    if (!next->item.has_value()) return std::move(next->end);
    ARROW_ASSIGN_OR_RAISE(auto item, MakeItem(*std::move(next->item)));
    const int64_t bytes = item.bytes + kBatchOverhead;
    ARROW_RETURN_NOT_OK(ready_.Push({std::move(item), Status::OK()}, bytes, stop_.get_token()));
  }
}

Result<StreamItem> StreamReader::MakeItem(SourceBatch message) {
  StreamItem item;
  ARROW_ASSIGN_OR_RAISE(item.reading, rules_.Read(message.ranges, message.ranges_complete,
                                                  message.batch->num_rows()));
  if (item.reading.kind != stream::Reading::Kind::kRows) return item;
  if (item.reading.begins) {
    ARROW_ASSIGN_OR_RAISE(current_id_, NextBatchId(plan_.last_id, base::NowMs(), plan_.slot));
    plan_.last_id = current_id_;
    current_ranges_ = BlockRangesJson(message.ranges);
    current_origin_ = stream::RangesText(message.ranges);
  }
  item.id = current_id_;
  if (message.batch->num_rows() > 0) {
    ARROW_RETURN_NOT_OK(WithContext(MakeRows(message, &item),
                                    "table=" + plan_.table + " blocks=" + current_origin_));
  }
  item.ranges = std::move(message.ranges);
  return item;
}

Status StreamReader::MakeRows(const SourceBatch& message, StreamItem* item) {
  ARROW_ASSIGN_OR_RAISE(const auto shaped, plan_.shape.is_identity()
                                               ? message.batch
                                               : plan_.shape.Apply(message.batch));
  StagedBatch staged;
  ARROW_ASSIGN_OR_RAISE(staged.batch,
                        AddLineage(*shaped, plan_.schema, current_id_, current_ranges_));
  staged.id = current_id_;
  staged.op_column = plan_.op_column;
  staged.final_of_batch = false;  // known when the batch is whole
  staged.first_row = next_row_;
  staged.origin = current_origin_;
  next_row_ += staged.batch->num_rows();
  item->bytes = ArrowBytes(*staged.batch);
  if (plan_.encoder != nullptr) {
    ARROW_ASSIGN_OR_RAISE(staged.encoded, plan_.encoder->Encode(staged));
    item->bytes += staged.encoded->size_bytes();
  }
  item->rows = std::move(staged);
  return Status::OK();
}

}  // namespace ampload::pipeline
