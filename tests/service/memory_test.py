"""Loads stay within --memory: anonymous memory is at most that plus 64 MiB, however large the files and their parts
are. Short form: row groups that are larger than a budget of 64 MiB. Long form (LONG=1): a Parquet file of 4 GB and a
CSV of 5 GB at the default budget. Prints what it measured.

    AMPLOAD_BINARY=build/ci/bin/ampload python tests/service/memory_test.py
"""

import json
import os
import pathlib
import shutil
import sys
import tempfile
import unittest

import lmdb
import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
sys.path.insert(0, str(HERE.parent.parent / "bench"))

import measured_run
from command import AMPLOAD, run

MIB = 1 << 20
BESIDE = 64 * MIB  # code, libraries' own state, the allocator's slack
LONG = os.environ.get("LONG") == "1"


def batch_of(first, rows, payload):
    """Ascending ids, 20 random-looking bytes, a decimal, a text of `payload` characters."""
    ids = range(first, first + rows)
    return pa.record_batch({
        "id": pa.array(ids, pa.uint64()),
        "hash": pa.array([(i * 2654435761 % 2**64).to_bytes(20, "big") for i in ids], pa.binary(20)),
        "amount": pa.array([i * 1000003 for i in ids], pa.int64()).cast(pa.decimal128(38, 0)),
        "note": pa.array([f"{i:0{payload}d}" for i in ids], pa.string()),
    })


def write_parquet(path, total_bytes, group_bytes, payload=200):
    """One row group after the other, each of about group_bytes in Arrow's memory. Uncompressed and without a
    dictionary, so that the file is as large as it looks."""
    row_bytes = 8 + 20 + 16 + 4 + payload
    rows = group_bytes // row_bytes
    written = 0
    template = batch_of(0, rows, payload)
    with pq.ParquetWriter(path, template.schema, compression="none", use_dictionary=False) as writer:
        while written * row_bytes < total_bytes:
            batch = batch_of(written, rows, payload) if written < 2 * rows else with_ids(template, written)
            writer.write_batch(batch, row_group_size=rows)
            written += rows
    return written


def with_ids(template, first):
    """The same rows under other ids: made faster."""
    ids = pa.array(range(first, first + template.num_rows), pa.uint64())
    return template.set_column(0, template.schema.field(0), ids)


def write_csv(path, total_bytes, payload=200):
    template = ["," + "0x" + "ab" * 20 + f",{i * 1000003},{i:0{payload}d}\n" for i in range(10_000)]
    rows = 0
    with open(path, "w", buffering=1 << 22) as file:
        file.write("id,hash,amount,note\n")
        while file.tell() < total_bytes:
            file.write("".join(f"{rows + i}{line}" for i, line in enumerate(template)))
            rows += len(template)
    return rows


class Memory(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="ampload-memory-", dir=os.environ.get("AMPLOAD_TEST_DISK")))
        self.addCleanup(shutil.rmtree, self.folder)

    def load(self, file, rows, memory, *options):
        self.load_to(f"lmdb:{self.folder}/env", file, rows, memory, "--mode", "overwrite", *options)
        with lmdb.open(str(self.folder / "env"), readonly=True, max_dbs=64) as environment:
            database = environment.open_db(b"t", create=False)
            with environment.begin() as transaction:
                self.assertEqual(transaction.stat(database)["entries"], rows)

    def load_to(self, uri, file, rows, memory, *options):
        measured = measured_run.run([AMPLOAD, "load", file, "--to", uri, "--table", "t", "--memory", str(memory), "--json",
                                     *options])
        self.assertEqual(measured.report["rows_loaded"], rows)
        print(f"{self.id().split('.')[-1]}: file {file.stat().st_size / 1e9:.2f} GB, {rows} rows, --memory "
              f"{memory // MIB} MiB: anonymous {measured.anonymous / MIB:.0f} MiB at most, "
              f"{measured.wall_seconds:.1f} s", flush=True)
        self.assertLessEqual(measured.anonymous, memory + BESIDE)

    def test_row_groups_larger_than_the_budget(self):
        file = self.folder / "large_groups.parquet"
        rows = write_parquet(file, 400 * MIB, 130 * MIB)
        for key in ("id", "hash,id"):  # ascending keys; keys that go everywhere
            with self.subTest(key=key):
                self.load(file, rows, 64 * MIB, "--key", key)

    def test_a_delta_table(self):
        """Columns are decoded and encoded by the same threads: who waits for memory must not keep them from who frees it."""
        file = self.folder / "rows.parquet"
        rows = write_parquet(file, 400 * MIB, 130 * MIB)
        for memory in (16 * MIB, 32 * MIB, 64 * MIB, 256 * MIB):
            with self.subTest(memory=memory):
                self.load_to(f"delta:{self.folder}/lake_{memory}", file, rows, memory)
                self.assertEqual(DeltaTable(f"{self.folder}/lake_{memory}/t").count(), rows)

    def test_csv(self):
        file = self.folder / "rows.csv"
        rows = write_csv(file, 300 * MIB)
        self.load(file, rows, 64 * MIB, "--key", "id", "--types", "id:uint64,hash:fixed_size_binary[20]")

    def test_values_that_cannot_fit_are_an_error_that_says_what_to_set(self):
        file = self.folder / "one_value.parquet"
        table = pa.table({"id": pa.array([1], pa.uint64()), "blob": pa.array([b"x" * (200 * MIB)], pa.large_binary())})
        pq.write_table(table, file, use_dictionary=False, compression="none")
        done = run("load", file, "--to", f"lmdb:{self.folder}/env", "--table", "t", "--memory", "64MiB")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("--memory", done.stderr)
        self.assertIn("one_value.parquet", done.stderr)
        done = run("load", file, "--to", f"lmdb:{self.folder}/env", "--table", "t", "--memory", "1500MiB", "--json")
        self.assertEqual(json.loads(done.stdout)["rows_loaded"], 1, done.stderr)

    @unittest.skipUnless(LONG, "LONG=1: 4 GB of Parquet")
    def test_long_parquet(self):
        file = self.folder / "long.parquet"
        rows = write_parquet(file, 4 * 10**9, 300 * MIB)
        self.load(file, rows, 256 * MIB, "--key", "id")

    @unittest.skipUnless(LONG, "LONG=1: 5 GB of CSV")
    def test_long_csv(self):
        file = self.folder / "long.csv"
        rows = write_csv(file, 5 * 10**9)
        self.load(file, rows, 256 * MIB, "--key", "id", "--types", "id:uint64,hash:fixed_size_binary[20]")


if __name__ == "__main__":
    unittest.main()
