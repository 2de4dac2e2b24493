"""Random columns of every Arrow type through each encoder itself, without a file between."""

import os
import subprocess
import unittest

import pyarrow as pa

import expected
import formats
import random_tables

ENCODE_ROWS = os.path.join(os.environ.get("AMPLOAD_BUILD_DIR", "build/dev"), "tests/interop/encode_rows")
SEEDS = range(1, 201 if os.environ.get("LONG") else 7)


def encode(table, name):
    """Each row's bytes in the format of that name."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table, max_chunksize=50)
    done = subprocess.run([ENCODE_ROWS, name], input=sink.getvalue(), capture_output=True, timeout=600)
    assert done.returncode == 0, done.stderr.decode()
    rows, at = [], 0
    while at < len(done.stdout):
        end = at + 4 + int.from_bytes(done.stdout[at:at + 4], "big")
        rows.append(done.stdout[at + 4:end])
        at = end
    return rows


class EveryType(unittest.TestCase):
    def check(self, table, name):
        found, wanted = encode(table, name), formats.FORMATS[name].rows(table)
        self.assertEqual(len(found), len(wanted))
        wrong = [d for i, (row, want) in enumerate(zip(found, wanted))
                 for d in expected.differences(formats.FORMATS[name].unpack(row), want, f"row {i}")]
        self.assertEqual(wrong[:5], [], f"{len(wrong)} differences")

    def test_all_together(self):
        for name in formats.FORMATS:
            for seed in SEEDS:
                with self.subTest(format=name, seed=seed):
                    self.check(random_tables.table(random_tables.all_types(), seed), name)

    def test_no_rows(self):
        for name in formats.FORMATS:
            with self.subTest(format=name):
                self.check(random_tables.table(random_tables.all_types(), 1, 0), name)

    def test_an_ipc_row_has_the_columns_plain_types(self):
        table = random_tables.table(random_tables.all_types(), 1, 20)
        wanted = formats.plain_schema(table.schema)
        for row in encode(table, "arrow_ipc"):
            found = formats.read_ipc(row).schema
            self.assertTrue(found.equals(wanted, check_metadata=True), f"{found}\n{wanted}")


if __name__ == "__main__":
    unittest.main()
