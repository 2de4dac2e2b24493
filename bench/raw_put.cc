// The store's own ceiling: puts the pairs of a finished LMDB environment into a fresh one, with
// nothing but mdb_put. Prints one JSON object.
//
//   raw_put FROM TABLE ORDER TO STEP_BYTES put|append
//
// ORDER is a file of keys, each after its length in two bytes (little-endian), in the order in
// which to put; "-" is the order of the keys. The pairs are in memory before the clock starts. A
// transaction is committed, and so on the disk, whenever it holds STEP_BYTES of keys and values.
#include <lmdb.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

namespace {

void Check(int code, const char* what) {
  if (code == MDB_SUCCESS) return;
  std::fprintf(stderr, "raw_put: %s: %s\n", what, mdb_strerror(code));
  std::exit(1);
}

MDB_env* OpenEnvironment(const std::string& path, unsigned flags, size_t map_size) {
  MDB_env* env = nullptr;
  Check(mdb_env_create(&env), "mdb_env_create");
  Check(mdb_env_set_maxdbs(env, 64), "mdb_env_set_maxdbs");
  if (map_size > 0) Check(mdb_env_set_mapsize(env, map_size), "mdb_env_set_mapsize");
  Check(mdb_env_open(env, path.c_str(), flags, 0644), path.c_str());
  return env;
}

// The pairs, end to end in one block of memory.
struct Pairs {
  struct Place {
    size_t key;
    size_t value;
    size_t end;
  };
  std::string bytes;
  std::vector<Place> places;

  void Add(const MDB_val& key, const MDB_val& value) {
    const size_t start = bytes.size();
    bytes.append(static_cast<const char*>(key.mv_data), key.mv_size);
    bytes.append(static_cast<const char*>(value.mv_data), value.mv_size);
    places.push_back({start, start + key.mv_size, bytes.size()});
  }
};

std::vector<std::string> ReadOrder(const std::string& path) {
  std::vector<std::string> keys;
  std::ifstream file(path, std::ios::binary);
  unsigned char length[2];
  while (file.read(reinterpret_cast<char*>(length), 2)) {
    std::string key(static_cast<size_t>(length[0] | length[1] << 8), '\0');
    file.read(key.data(), static_cast<std::streamsize>(key.size()));
    keys.push_back(std::move(key));
  }
  return keys;
}

Pairs ReadPairs(const std::string& from, const std::string& table, const std::string& order) {
  MDB_env* env = OpenEnvironment(from, MDB_RDONLY, 0);
  MDB_txn* txn = nullptr;
  MDB_dbi dbi = 0;
  Check(mdb_txn_begin(env, nullptr, MDB_RDONLY, &txn), "mdb_txn_begin");
  Check(mdb_dbi_open(txn, table.c_str(), 0, &dbi), "mdb_dbi_open");
  Pairs pairs;
  MDB_val key, value;
  if (order == "-") {
    MDB_cursor* cursor = nullptr;
    Check(mdb_cursor_open(txn, dbi, &cursor), "mdb_cursor_open");
    while (mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == MDB_SUCCESS) pairs.Add(key, value);
    mdb_cursor_close(cursor);
  } else {
    for (std::string& wanted : ReadOrder(order)) {
      key = {wanted.size(), wanted.data()};
      Check(mdb_get(txn, dbi, &key, &value), "a key of ORDER");
      pairs.Add(key, value);
    }
  }
  mdb_txn_abort(txn);
  mdb_env_close(env);
  return pairs;
}

void PutAll(MDB_env* env, const std::string& table, const Pairs& pairs, size_t step_bytes,
            unsigned flags) {
  MDB_txn* txn = nullptr;
  MDB_dbi dbi = 0;
  size_t waiting = 0;
  char* bytes = const_cast<char*>(pairs.bytes.data());
  for (const auto& place : pairs.places) {
    if (txn == nullptr) {
      Check(mdb_txn_begin(env, nullptr, 0, &txn), "mdb_txn_begin");
      Check(mdb_dbi_open(txn, table.c_str(), MDB_CREATE, &dbi), "mdb_dbi_open");
    }
    MDB_val key{place.value - place.key, bytes + place.key};
    MDB_val value{place.end - place.value, bytes + place.value};
    Check(mdb_put(txn, dbi, &key, &value, flags), "mdb_put");
    waiting += place.end - place.key;
    if (waiting < step_bytes) continue;
    Check(mdb_txn_commit(txn), "mdb_txn_commit");
    txn = nullptr;
    waiting = 0;
  }
  if (txn != nullptr) Check(mdb_txn_commit(txn), "mdb_txn_commit");
}

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 7) {
    std::fputs("usage: raw_put FROM TABLE ORDER TO STEP_BYTES put|append\n", stderr);
    return 2;
  }
  const std::string table = argv[2];
  const Pairs pairs = ReadPairs(argv[1], table, argv[3]);
  const unsigned flags = std::string_view(argv[6]) == "append" ? MDB_APPEND : 0;
  MDB_env* env = OpenEnvironment(argv[4], 0, 4 * pairs.bytes.size() + (64U << 20));

  const double cpu = CpuSeconds();
  const auto start = std::chrono::steady_clock::now();
  PutAll(env, table, pairs, std::strtoull(argv[5], nullptr, 10), flags);
  const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
  std::printf("{\"rows\": %zu, \"bytes\": %zu, \"seconds\": %.6f, \"cpu_seconds\": %.6f}\n",
              pairs.places.size(), pairs.bytes.size(), taken.count(), CpuSeconds() - cpu);
  mdb_env_close(env);
}
