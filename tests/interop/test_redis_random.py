"""Tables that only C++ can build, loaded into Redis in every structure that keeps rows apart: what redis-py reads is what
pyarrow reads."""

import os
import pathlib
import subprocess
import tempfile
import unittest

import pyarrow as pa

import redis_tables

LOAD_RANDOM = os.path.join(os.environ.get("AMPLOAD_BUILD_DIR", "build/dev"), "tests/interop/load_random_redis")
SEEDS = 2000 if os.environ.get("LONG") else 200
AT_A_TIME = 50
# As load_random_redis names its tables -> structure and the other options
SHAPES = {
    "hash": ("hash", {}),
    "hash_hex": ("hash", {"binary": "hex"}),
    "json": ("string", {"value_format": "json"}),
    "msgpack": ("string", {"value_format": "msgpack"}),
    "stream": ("stream", {}),
}


def read(path):
    with pa.OSFile(str(path)) as file, pa.ipc.open_stream(file) as stream:
        return stream.read_all()


class RandomTables(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.uri, end = redis_tables.server_for_tests()
        cls.addClassCleanup(end)
        cls.tables = redis_tables.Tables(cls.uri)

    def test_random_tables(self):
        rows = 0
        for first in range(1, SEEDS + 1, AT_A_TIME):
            last = min(first + AT_A_TIME - 1, SEEDS)
            with tempfile.TemporaryDirectory(prefix="ampload-interop-") as folder:
                done = subprocess.run([LOAD_RANDOM, str(first), str(last), folder, self.uri], capture_output=True,
                                      text=True, timeout=600)
                self.assertEqual(done.returncode, 0, done.stderr)
                for seed in range(first, last + 1):
                    table = read(pathlib.Path(folder) / f"{seed}.arrow")
                    rows += table.num_rows
                    for name, (structure, options) in SHAPES.items():
                        with self.subTest(seed=seed, shape=name):
                            self.assertEqual(self.tables.differences(f"random_{name}_{seed}", table, structure,
                                                                     **options), [])
            self.tables.client.flushdb()
        print(f"{SEEDS} random tables of {rows} rows in {len(SHAPES)} shapes")
        self.assertGreater(rows, SEEDS)


if __name__ == "__main__":
    unittest.main()
