#include "encode/encodable.h"

#include <arrow/extension_type.h>
#include <arrow/type_traits.h>
#include <arrow/util/utf8.h>

#include <set>
#include <string>
#include <vector>

namespace ampload::encode {
namespace {

class Check {
 public:
  explicit Check(int max_depth) : max_depth_(max_depth) {}

  void Fields(const arrow::FieldVector& fields, const std::string& path, int depth) {
    std::set<std::string_view> names;
    for (const auto& field : fields) {
      const std::string name = path + field->name();
      if (!arrow::util::ValidateUTF8(field->name())) Refuse(name, *field, "its name is not UTF-8");
      if (!names.insert(field->name()).second) Refuse(name, *field, "its name is there twice");
      Type(name, *field, *field->type(), depth);
    }
  }

  std::string problems;

 private:
  void Type(const std::string& path, const arrow::Field& field, const arrow::DataType& type,
            int depth) {
    using arrow::Type;
    const arrow::Type::type id = type.id();
    if (id == Type::EXTENSION) {
      const auto& storage = static_cast<const arrow::ExtensionType&>(type).storage_type();
      return this->Type(path, field, *storage, depth);
    }
    if (id == Type::DICTIONARY) {
      const auto& values = static_cast<const arrow::DictionaryType&>(type).value_type();
      return this->Type(path, field, *values, depth);
    }
    if (id == Type::RUN_END_ENCODED) {
      const auto& values = static_cast<const arrow::RunEndEncodedType&>(type).value_type();
      return this->Type(path, field, *values, depth);
    }
    if (arrow::is_union(id)) return Refuse(path, field, "a union has no type that a row can keep");
    if (!arrow::is_nested(id)) return;
    if (depth >= max_depth_) return Refuse(path, field, "it is nested too deeply");
    if (id == Type::STRUCT) return Fields(type.fields(), path + ".", depth + 1);
    if (id == Type::MAP) {
      const auto& map = static_cast<const arrow::MapType&>(type);
      this->Type(path + ".key", field, *map.key_type(), depth + 1);
      return this->Type(path + ".value", field, *map.item_type(), depth + 1);
    }
    this->Type(path + "[]", field, *type.field(0)->type(), depth + 1);
  }

  void Refuse(const std::string& path, const arrow::Field& field, std::string_view why) {
    problems += (problems.empty() ? "" : "; ") + std::string(why) +
                ", leave it out with --exclude " + path.substr(0, path.find_first_of(".[")) +
                ": column=" + path + " type=" + field.type()->ToString();
  }

  int max_depth_;
};

}  // namespace

Status CheckEncodable(const arrow::Schema& schema, int max_depth, std::string_view format) {
  arrow::util::InitializeUTF8();
  Check check(max_depth);
  check.Fields(schema.fields(), "", 1);
  if (check.problems.empty()) return Status::OK();
  return DataError(std::string(format) + ": columns that cannot be encoded: " + check.problems);
}

}  // namespace ampload::encode
