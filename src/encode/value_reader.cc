#include "encode/value_reader.h"

#include <utility>

namespace ampload::encode {

Status ValueReader::Refuse(std::string_view what) const {
  return DataError(std::string(what) + ": column=" + path_);
}

Status ValueReader::Read(MsgpackReader& from) {
  const MsgpackReader::Token token = from.Next();
  if (token.kind == MsgpackReader::Kind::kNil) return AppendNull();
  if (token.kind == MsgpackReader::Kind::kDamaged) return Refuse("the bytes are damaged");
  return ReadValue(token, from);
}

std::unique_ptr<ValueReader> MakeValueReader(const arrow::DataType& type,
                                             arrow::ArrayBuilder& builder, std::string path) {
  using arrow::Type;
  switch (type.id()) {
    case Type::NA:
    case Type::BOOL:
    case Type::INT8:
    case Type::INT16:
    case Type::INT32:
    case Type::INT64:
    case Type::UINT8:
    case Type::UINT16:
    case Type::UINT32:
    case Type::UINT64:
    case Type::HALF_FLOAT:
    case Type::FLOAT:
    case Type::DOUBLE:
      return MakeScalarReader(type, builder, std::move(path));
    case Type::STRUCT:
    case Type::LIST:
    case Type::LARGE_LIST:
    case Type::LIST_VIEW:
    case Type::LARGE_LIST_VIEW:
    case Type::FIXED_SIZE_LIST:
    case Type::MAP:
      return MakeNestedReader(type, builder, path);
    case Type::DECIMAL32:
    case Type::DECIMAL64:
    case Type::DECIMAL128:
    case Type::DECIMAL256:
      return MakeDecimalReader(type, builder, std::move(path));
    case Type::DATE32:
    case Type::DATE64:
    case Type::TIME32:
    case Type::TIME64:
    case Type::TIMESTAMP:
      return MakeTemporalReader(type, builder, std::move(path));
    case Type::DURATION:
    case Type::INTERVAL_MONTHS:
    case Type::INTERVAL_DAY_TIME:
    case Type::INTERVAL_MONTH_DAY_NANO:
      return MakeSpanReader(type, builder, std::move(path));
    default:  // strings and binaries
      return MakeBytesReader(type, builder, std::move(path));
  }
}

void NamedReaders::Add(std::string_view name, std::unique_ptr<ValueReader> reader) {
  by_name_.emplace(name, names_.size());
  names_.emplace_back(name);
  readers_.push_back(std::move(reader));
  seen_.push_back(0);
}

// `place` is where the name is expected: behind the one before it.
ValueReader* NamedReaders::Find(std::string_view name, size_t* place) {
  if (*place < names_.size() && names_[*place] == name) return readers_[*place].get();
  const auto found = by_name_.find(std::string(name));
  if (found == by_name_.end()) return nullptr;
  *place = found->second;
  return readers_[*place].get();
}

Status NamedReaders::Read(uint64_t pairs, MsgpackReader& from, const ValueReader** at) {
  ++map_;
  size_t place = 0;
  for (uint64_t i = 0; i < pairs; ++i) {
    *at = nullptr;
    MsgpackReader key = from;
    const MsgpackReader::Token name = key.Next();
    ValueReader* reader = nullptr;
    if (name.kind == MsgpackReader::Kind::kStr) {
      reader = Find(name.bytes, &place);
      from = key;
    } else if (!from.Skip()) {
      return DataError("the bytes of a key are damaged");
    }
    if (reader == nullptr) {
      if (!from.Skip()) return DataError("the bytes of an unknown key's value are damaged");
      continue;
    }
    *at = reader;
    if (std::exchange(seen_[place], map_) == map_) {
      return DataError("the key is there twice: column=" + reader->path());
    }
    ARROW_RETURN_NOT_OK(reader->Read(from));
    ++place;
  }
  for (size_t i = 0; i < readers_.size(); ++i) {
    if (seen_[i] == map_) continue;
    *at = readers_[i].get();
    ARROW_RETURN_NOT_OK(readers_[i]->AppendNull());
  }
  return Status::OK();
}

}  // namespace ampload::encode
