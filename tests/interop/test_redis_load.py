"""Every real file and the generated chain, loaded into Redis by the command in every structure that keeps rows apart, and
judged by redis-py."""

import pathlib
import tempfile
import unittest
import urllib.parse

import pyarrow.parquet

import redis_tables
import store
from amp_files import CHAIN_FILES, REAL_FILES, real_data

# name -> structure and the other options
SHAPES = {
    "hash": ("hash", {}),
    "hash_hex": ("hash", {"binary": "hex"}),
    "json": ("string", {"value_format": "json"}),
    "msgpack": ("string", {"value_format": "msgpack"}),
    "stream": ("stream", {}),
}


class RedisLoads(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.uri, end = redis_tables.server_for_tests()
        cls.addClassCleanup(end)
        cls.tables = redis_tables.Tables(cls.uri)

    def check_load(self, file, name, shape, keys=(), pattern=None, more=()):
        table = pyarrow.parquet.read_table(file)
        structure, options = SHAPES[shape]
        options = dict(options, structure=structure)
        words = list(more)
        if pattern:
            options["key_pattern"] = pattern
        elif keys and structure != "stream":
            words += ["--key", ",".join(keys)]
            pattern = "{table}:" + ":".join(f"{{{key}}}" for key in keys)
        result = store.load([file], f"{self.uri}?{urllib.parse.urlencode(options, quote_via=urllib.parse.quote)}", name, *words)
        self.assertIs(result["success"], True)
        self.assertEqual((result["rows_loaded"], result["table_name"], result["loader_type"], result["error"]),
                         (table.num_rows, name, "redis", None))
        options.pop("structure"), options.pop("key_pattern", None)
        self.assertEqual(self.tables.differences(name, table, structure, pattern, **options), [])


class RealFiles(RedisLoads):
    def setUp(self):
        self.data = real_data(self)

    def test_upsert_of_real_logs(self):
        file = self.data / "ethereum_logs.parquet"
        for _ in range(2):  # the second replaces every row by itself
            self.check_load(file, "upserted", "hash", REAL_FILES["ethereum_logs"], more=("--mode", "upsert"))

    def test_a_key_of_bytes(self):
        for shape in ("hash", "hash_hex"):
            self.check_load(self.data / "base_logs.parquet", f"by_{shape}", shape,
                            pattern="{table}:{tx_hash}/{log_index}")


for file_name in REAL_FILES:
    for shape_name in SHAPES:
        setattr(RealFiles, f"test_{file_name}_{shape_name}", lambda self, name=file_name, shape=shape_name:
                self.check_load(self.data / f"{name}.parquet", f"{name}_{shape}", shape, REAL_FILES[name]))


class GeneratedChain(RedisLoads):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = tempfile.TemporaryDirectory(prefix="ampload-chain-")
        cls.addClassCleanup(folder.cleanup)
        cls.chain = pathlib.Path(folder.name)
        store.make_chain(cls.chain, "--blocks", "120", "--seed", "3")

    def test_the_chain(self):
        for name, keys in CHAIN_FILES.items():
            for shape in SHAPES:
                with self.subTest(name=name, shape=shape):
                    self.check_load(self.chain / f"{name}.parquet", f"{name}_{shape}", shape, keys)

    def test_rows_by_number(self):
        for shape in ("hash", "json"):
            self.check_load(self.chain / "logs.parquet", f"numbered_{shape}", shape)

    def test_patterns(self):
        for number, pattern in enumerate(("{table}:{block_num}:{log_index}", "{table}/{tx_hash}/{log_index}",
                                          "{table}:{timestamp}:{log_index}", "ät *[x]{table}:{block_num}-{log_index}?")):
            with self.subTest(pattern):
                table, shape = f"pattern{number}", "hash" if number else "json"
                self.check_load(self.chain / "logs.parquet", table, shape, pattern=pattern)

    def test_in_overwrite_mode(self):
        for shape in ("hash", "msgpack", "stream"):
            for _ in range(2):
                self.check_load(self.chain / "logs.parquet", f"overwritten_{shape}", shape, CHAIN_FILES["logs"],
                                more=("--mode", "overwrite"))


if __name__ == "__main__":
    unittest.main()
