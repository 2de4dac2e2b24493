"""Tables that only C++ can build, loaded into PostgreSQL: what psycopg2 reads is what pyarrow reads. A table is refused
where it holds what PostgreSQL cannot hold, and only there."""

import os
import pathlib
import subprocess
import tempfile
import unittest

import pyarrow as pa

import expected
import formats
import postgres

LOAD_RANDOM = os.path.join(os.environ.get("AMPLOAD_BUILD_DIR", "build/dev"), "tests/interop/load_random_postgresql")
SEEDS = 2000 if os.environ.get("LONG") else 200
AT_A_TIME = 50


def read(path):
    with pa.OSFile(str(path)) as file, pa.ipc.open_stream(file) as stream:
        return stream.read_all()


def lost_in_jsonb(value):
    """jsonb keeps one of two equal keys, and no sign of a zero."""
    if isinstance(value, expected.Pairs):
        keys = [key for key, _ in value]
        return len(set(keys)) < len(keys) or any(lost_in_jsonb(item) for _, item in value)
    if isinstance(value, list):
        return any(lost_in_jsonb(item) for item in value)
    return isinstance(value, formats.NearestTo) and str(value.value) == "-0.0"


def cannot_be_held(table):
    return any(lost_in_jsonb(value) for column in table.columns if postgres.is_json(column.type)
               for chunk in column.chunks for value in formats.json_values(postgres.plain(chunk)))


class RandomTables(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.uri, end = postgres.server_for_tests()
        cls.addClassCleanup(end)

    def test_random_tables(self):
        loaded = 0
        for first in range(1, SEEDS + 1, AT_A_TIME):
            last = min(first + AT_A_TIME - 1, SEEDS)
            with tempfile.TemporaryDirectory(prefix="ampload-interop-") as folder:
                done = subprocess.run([LOAD_RANDOM, str(first), str(last), folder, self.uri], capture_output=True,
                                      text=True, timeout=600)
                self.assertEqual(done.returncode, 0, done.stderr)
                for seed in range(first, last + 1):
                    with self.subTest(seed=seed):
                        loaded += self.check(pathlib.Path(folder), seed)
        print(f"{SEEDS} random tables, {loaded} loaded, the others refused for what jsonb does not keep")
        self.assertGreater(loaded, SEEDS // 2)

    def check(self, folder, seed):
        """Whether it was loaded."""
        table = read(folder / f"{seed}.arrow")
        refused = folder / f"{seed}.refused"
        if refused.exists():
            self.assertTrue(cannot_be_held(table), refused.read_text())
            return False
        self.assertFalse(cannot_be_held(table), "it was loaded though jsonb cannot hold it")
        self.assertEqual(postgres.differences(postgres.read(self.uri, f"random_{seed}"), table), [])
        return True


if __name__ == "__main__":
    unittest.main()
