"""Tables that only C++ can build, loaded into LMDB in every value format: what their rows hold is what pyarrow
reads."""

import os
import pathlib
import subprocess
import tempfile
import unittest

import lmdb
import pyarrow as pa

import expected
import formats

LOAD_RANDOM = os.path.join(os.environ.get("AMPLOAD_BUILD_DIR", "build/dev"), "tests/interop/load_random")
SEEDS = 2000 if os.environ.get("LONG") else 200
AT_A_TIME = 50  # seeds of one environment


def read(path):
    with pa.OSFile(str(path)) as file, pa.ipc.open_stream(file) as stream:
        return stream.read_all()


class RandomTables(unittest.TestCase):
    def check_rows(self, found, table, name):
        form = formats.FORMATS[name]
        wanted = form.rows(table)
        self.assertEqual([key for key, _ in found], [row.to_bytes(8, "big") for row in range(len(wanted))])
        wrong = [d for i, ((_, row), want) in enumerate(zip(found, wanted))
                 for d in expected.differences(form.unpack(row), want, f"row {i}")]
        self.assertEqual(wrong[:5], [], f"{len(wrong)} differences")

    def check_ipc_schema(self, found, table):
        schema = formats.plain_schema(table.schema)
        for _, row in found[:2]:
            self.assertTrue(formats.read_ipc(row).schema.equals(schema, check_metadata=True))
        messages = {row[:8 + int.from_bytes(row[4:8], "little")] for _, row in found}
        self.assertLessEqual(len(messages), 1, "the rows' schema messages are not the same bytes")

    def check_seeds(self, first, last):
        with tempfile.TemporaryDirectory(prefix="ampload-interop-") as folder:
            done = subprocess.run([LOAD_RANDOM, str(first), str(last), folder], capture_output=True, text=True,
                                  timeout=600)
            self.assertEqual(done.returncode, 0, done.stderr)
            with lmdb.open(f"{folder}/env", readonly=True, max_dbs=3 * AT_A_TIME + 10) as environment:
                for seed in range(first, last + 1):
                    table = read(pathlib.Path(folder) / f"{seed}.arrow")
                    for name in formats.FORMATS:
                        with self.subTest(seed=seed, format=name), environment.begin() as transaction:
                            database = environment.open_db(f"{seed}/{name}".encode(), transaction, create=False)
                            found = list(transaction.cursor(database))
                            self.check_rows(found, table, name)
                            if name == "arrow_ipc":
                                self.check_ipc_schema(found, table)


for begin in range(1, SEEDS + 1, AT_A_TIME):
    setattr(RandomTables, f"test_seeds_from_{begin:04}",
            lambda self, first=begin: self.check_seeds(first, min(first + AT_A_TIME - 1, SEEDS)))


if __name__ == "__main__":
    unittest.main()
