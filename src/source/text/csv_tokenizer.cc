#include "source/text/csv_tokenizer.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <algorithm>
#include <cstring>

namespace ampload::source {
namespace {

constexpr Fault kBareReturn =
    "a carriage return that no line feed follows, outside of quotes; quote the cell, or end lines "
    "with LF or CRLF";
constexpr Fault kAfterQuote =
    "text behind a closing quote; a quote inside of a quoted cell is written twice";
constexpr Fault kNeverClosed = "a quote is opened here and never closed";

}  // namespace

std::string_view CellText(const CsvCell& cell, char quote, std::string* scratch) {
  if (!cell.doubled) return cell.raw();
  scratch->clear();
  scratch->reserve(cell.size);
  for (uint32_t i = 0; i < cell.size; ++i) {
    scratch->push_back(cell.data[i]);
    if (cell.data[i] == quote) ++i;
  }
  return *scratch;
}

// Where the record is read; `next` is set once its end is found.
struct CsvTokenizer::Cursor {
  const char* at;
  const char* const end;
  const bool last;
  const char* next = nullptr;
  const char* raw_end = nullptr;

  void EndRecord(const char* ending, const char* behind) {
    raw_end = ending;
    next = behind;
  }
};

// The next delimiter, LF or CR; `end` where there is none.
const char* CsvTokenizer::FindSpecial(const char* at, const char* end) const {
#ifdef __SSE2__
  const __m128i delimiter = _mm_set1_epi8(delimiter_);
  const __m128i feed = _mm_set1_epi8('\n');
  const __m128i carriage = _mm_set1_epi8('\r');
  for (; end - at >= 16; at += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const __m128i found =
        _mm_or_si128(_mm_cmpeq_epi8(bytes, delimiter),
                     _mm_or_si128(_mm_cmpeq_epi8(bytes, feed), _mm_cmpeq_epi8(bytes, carriage)));
    const auto mask = static_cast<unsigned>(_mm_movemask_epi8(found));
    if (mask != 0) return at + __builtin_ctz(mask);
  }
#endif
  while (at < end && *at != delimiter_ && *at != '\n' && *at != '\r') ++at;
  return at;
}

// A Take function returns false where the text ends too early; else `at` is at the next cell, or
// `next` is set.
bool CsvTokenizer::TakePlain(Cursor* cursor, std::vector<CsvCell>* cells, CsvRecord* record) const {
  const char* const begin = cursor->at;
  const char* at = begin;
  const auto append = [&](const char* to) {
    cells->push_back({begin, static_cast<uint32_t>(to - begin), false, false});
  };
  for (;; ++at) {
    at = FindSpecial(at, cursor->end);
    if (at == cursor->end) {
      if (!cursor->last) return false;
      append(at);
      cursor->EndRecord(at, at);
      return true;
    }
    if (*at == delimiter_) {
      append(at);
      cursor->at = at + 1;
      return true;
    }
    if (*at == '\n') {
      append(at);
      cursor->EndRecord(at, at + 1);
      return true;
    }
    if (at + 1 == cursor->end && !cursor->last) return false;
    if (at + 1 < cursor->end && at[1] == '\n') {
      append(at);
      cursor->EndRecord(at, at + 2);
      return true;
    }
    if (record->fault == nullptr) record->fault = kBareReturn;
  }
}

bool CsvTokenizer::TakeQuoted(Cursor* cursor, std::vector<CsvCell>* cells,
                              CsvRecord* record) const {
  const char* const begin = cursor->at + 1;
  const char* at = begin;
  bool doubled = false;
  for (;; at += 2) {
    const auto rest = static_cast<size_t>(cursor->end - at);
    at = rest == 0 ? nullptr : static_cast<const char*>(std::memchr(at, quote_, rest));
    if (at == nullptr) {
      if (!cursor->last) return false;
      record->fault = kNeverClosed;
      at = cursor->end;
      break;
    }
    if (at + 1 == cursor->end && !cursor->last) return false;
    if (at + 1 == cursor->end || at[1] != quote_) break;
    doubled = true;
  }
  record->lines += static_cast<uint32_t>(std::count(begin, at, '\n'));
  cells->push_back({begin, static_cast<uint32_t>(at - begin), true, doubled});
  if (at == cursor->end) {
    cursor->EndRecord(at, at);
    return true;
  }
  ++at;  // behind the closing quote
  if (at == cursor->end) {
    if (!cursor->last) return false;
    cursor->EndRecord(at, at);
    return true;
  }
  if (*at == delimiter_) {
    cursor->at = at + 1;
    return true;
  }
  if (*at == '\n') {
    cursor->EndRecord(at, at + 1);
    return true;
  }
  if (*at == '\r' && at + 1 == cursor->end && !cursor->last) return false;
  if (*at == '\r' && at + 1 < cursor->end && at[1] == '\n') {
    cursor->EndRecord(at, at + 2);
    return true;
  }
  record->fault = kAfterQuote;
  cursor->at = at;
  cells->pop_back();
  return TakePlain(cursor, cells, record);
}

const char* CsvTokenizer::Take(const char* at, const char* end, bool last,
                               std::vector<CsvCell>* cells, CsvRecord* record) const {
  Cursor cursor{at, end, last};
  const size_t before = cells->size();
  *record = CsvRecord();
  record->lines = 1;
  while (cursor.next == nullptr) {
    const bool quoted = quote_ != 0 && cursor.at < end && *cursor.at == quote_;
    if (!(quoted ? TakeQuoted(&cursor, cells, record) : TakePlain(&cursor, cells, record))) {
      return nullptr;
    }
  }
  record->raw = {at, static_cast<size_t>(cursor.raw_end - at)};
  record->cells = static_cast<uint32_t>(cells->size() - before);
  return cursor.next;
}

}  // namespace ampload::source
