"""Random columns of every Arrow type through the msgpack encoder itself, without a file between."""

import os
import subprocess
import unittest

import pyarrow as pa

import expected
import random_tables

ENCODE_ROWS = os.path.join(os.environ.get("AMPLOAD_BUILD_DIR", "build/dev"), "tests/interop/encode_rows")
SEEDS = range(1, 201 if os.environ.get("LONG") else 7)


def encode(table):
    """Each row's bytes."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table, max_chunksize=50)
    done = subprocess.run([ENCODE_ROWS], input=sink.getvalue(), capture_output=True, timeout=600)
    assert done.returncode == 0, done.stderr.decode()
    rows, at = [], 0
    while at < len(done.stdout):
        end = at + 4 + int.from_bytes(done.stdout[at:at + 4], "big")
        rows.append(done.stdout[at + 4:end])
        at = end
    return rows


class EveryType(unittest.TestCase):
    def check(self, table):
        found, wanted = encode(table), expected.rows(table)
        self.assertEqual(len(found), len(wanted))
        wrong = [d for i, (row, want) in enumerate(zip(found, wanted))
                 for d in expected.differences(expected.unpack(row), want, f"row {i}")]
        self.assertEqual(wrong[:5], [], f"{len(wrong)} differences")

    def test_all_together(self):
        for seed in SEEDS:
            with self.subTest(seed=seed):
                self.check(random_tables.table(random_tables.all_types(), seed))

    def test_no_rows(self):
        self.check(random_tables.table(random_tables.all_types(), 1, 0))


if __name__ == "__main__":
    unittest.main()
