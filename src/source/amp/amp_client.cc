#include "source/amp/amp_client.h"

#include <utility>

#include "source/amp/amp_query.h"
#include "source/amp/resume_header.h"

namespace ampload::source {
namespace {

class AmpStream final : public StreamSource {
 public:
  explicit AmpStream(AmpQuery query)
      : query_(std::move(query)), name_(query_.options.address.ToString()) {}

  const std::string& name() const override { return name_; }

  Result<std::unique_ptr<Source>> Open(const StreamCursor& cursor,
                                       const CallContext& context) override {
    FlightHeaders headers = {{"amp-stream", "true"}};
    if (!cursor.empty()) headers.emplace_back("amp-resume", ResumeHeader(cursor));
    auto opened = OpenAmpSource(query_, headers, context);
    if (opened.ok()) opened_ = true;
    // Servers answer so to most queries that they cannot do.
    if (!opened_ && StoreCodeOf(opened.status()) == "Internal") {
      return PermanentError(MessageOf(opened.status()) +
                            " (it never answered this query: is the query right?)");
    }
    return opened;
  }

 private:
  bool opened_ = false;  // once; what fails from then on may pass
  AmpQuery query_;
  std::string name_;
};

}  // namespace

Result<std::unique_ptr<StreamSource>> MakeAmpStream(AmpOptions options) {
  ARROW_ASSIGN_OR_RAISE(auto query, CheckAmpQuery(std::move(options), /*streams=*/true));
  return std::make_unique<AmpStream>(std::move(query));
}

Result<std::unique_ptr<Source>> OpenAmpQuery(AmpOptions options, const CallContext& context) {
  ARROW_ASSIGN_OR_RAISE(const auto query, CheckAmpQuery(std::move(options), /*streams=*/false));
  return OpenAmpSource(query, {}, context);
}

}  // namespace ampload::source
