"""The tables of tests/golden/delta, which Spark wrote: their rows as `ampload` reads them are those that Spark reads; we add to copies of
them, and deltalake and Delta Kernel find all rows; what we cannot write we leave as it is."""

import base64
import datetime
import decimal
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import pyarrow as pa
import pyarrow.parquet as pq

import delta_tables
import store

GOLDEN = pathlib.Path(__file__).resolve().parents[1] / "golden" / "delta"
# name -> what is added: columns that the table has. deltalake cannot read all of them.
WRITABLE = ("deletion_vectors", "deletion_vectors_checkpoint", "mapping_name", "mapping_id", "multi_part_checkpoint",
            "v2_checkpoint_json", "v2_checkpoint_parquet", "in_commit_timestamps", "clustered", "type_widening", "partitions",
            "every_type", "txn_and_append_only", "column_invariant", "change_data_feed", "vacuum_protocol_check", "check_constraint")
# name -> a word of the refusal
REFUSED = {"generated_column": "generated column", "identity_column": "identity column", "row_tracking": "rowTracking",
           "variant": "variant"}
UNREADABLE = {"variant"}
NOT_FOR_RUST = {"type_widening", "vacuum_protocol_check"}
NOT_NULL = {"mapping_name": {"id": pa.int64()}, "column_invariant": {"id": pa.int64()}}


class Golden(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.kernel = delta_tables.Kernel()
        cls.addClassCleanup(cls.kernel.end)

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="ampload-interop-")
        self.addCleanup(folder.cleanup)
        self.lake = pathlib.Path(folder.name)

    def copy(self, name):
        shutil.copytree(GOLDEN / name / "table", self.lake / name)
        return self.lake / name

    def run_command(self, *words):
        return subprocess.run([store.AMPLOAD, *map(str, words)], capture_output=True, text=True, timeout=120)

    def inspected(self, name):
        done = self.run_command("inspect", f"delta:{self.lake}", "--table", name, "--json", "--limit", 100_000)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)["table"]

    def test_every_table_is_named_here(self):
        there = {path.parent.name for path in GOLDEN.glob("*/table")}
        self.assertEqual(there, {*WRITABLE, *REFUSED, "default_value"})

    def test_rows_as_spark_reads_them(self):
        for folder in sorted(GOLDEN.glob("*/table")):
            name = folder.parent.name
            if name in UNREADABLE:
                continue
            with self.subTest(name):
                self.copy(name)
                expected = [json.loads(line, parse_float=decimal.Decimal)
                            for line in (folder.parent / "expected.jsonl").read_text().splitlines()]
                table = self.inspected(name)
                self.assertEqual(table["row_count"], len(expected))
                types = {column["name"]: column["type"] for column in table["columns"]}
                found = [{key: sparks(value) if value != [] or not types[key].startswith("map") else {}
                          for key, value in row.items()} for row in table["rows"]]
                want = [{key: sparks(value) for key, value in row.items()} for row in expected]
                self.assertEqual(sorted(map(comparable, found)), sorted(map(comparable, want)), types)

    def rows_for(self, name):
        """Rows to add: of the columns that all tables have, or the first."""
        schema = self.kernel.schema(self.lake / name)[1]
        first = schema["fields"][0]["name"]
        kinds = {"long": pa.int64(), "integer": pa.int32(), "string": pa.string()}
        kind = kinds[schema["fields"][0]["type"]]
        values = [5001, 5002] if pa.types.is_integer(kind) else ["x", "y"]
        return first, pa.table({first: pa.array(values, kind)}), [field["name"] for field in schema["fields"]]

    def test_we_add_to_them(self):
        for name in WRITABLE:
            with self.subTest(name):
                folder = self.copy(name)
                before = self.kernel.rows(folder)
                rust_before = [] if name in NOT_FOR_RUST else delta_tables.rust_rows(folder)
                first, rows, columns = self.rows_for(name)
                added = [[value, *[None] * (len(columns) - 1)] for (value,) in delta_tables.wanted(rows)]
                file = self.lake / "rows.parquet"
                pq.write_table(rows, file)
                for turn in range(1, 3):
                    store.load([file], f"delta:{self.lake}?durability=process", name)
                    self.assertEqual(delta_tables.differences(before + added * turn, self.kernel.rows(folder)), [], "Java")
                    if name not in NOT_FOR_RUST:
                        self.assertEqual(delta_tables.differences(rust_before + added * turn,
                                                                  delta_tables.rust_rows(folder)), [], "Rust")
                # With a checkpoint of ours, too.
                store.load([file], f"delta:{self.lake}?durability=process&checkpoint_interval=1", name)
                self.assertEqual(delta_tables.differences(before + added * 3, self.kernel.rows(folder)), [], "Java")

    def test_a_default_value(self):
        self.copy("default_value")
        pq.write_table(pa.table({"id": [2], "name": ["given"]}), self.lake / "rows.parquet")
        done = self.run_command("load", self.lake / "rows.parquet", "--to", f"delta:{self.lake}", "--table", "default_value")
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("default value", done.stderr)

    def test_what_we_cannot_write_is_left_as_it_is(self):
        for name, word in REFUSED.items():
            with self.subTest(name):
                folder = self.copy(name)
                before = everything(folder)
                pq.write_table(pa.table({"id": pa.array([7], pa.int64())}), self.lake / "rows.parquet")
                for words in ((), ("--mode", "overwrite")):
                    done = self.run_command("load", self.lake / "rows.parquet", "--to", f"delta:{self.lake}", "--table", name,
                                            *words)
                    self.assertEqual(done.returncode, 2, (words, done.stderr))
                    self.assertIn(word, done.stderr)
                    self.assertEqual(everything(folder), before)

    def test_rows_that_break_a_constraint(self):
        folder = self.copy("check_constraint")
        pq.write_table(pa.table({"id": pa.array([7, 0], pa.int64())}), self.lake / "rows.parquet")
        before = everything(folder)
        done = self.run_command("load", self.lake / "rows.parquet", "--to", f"delta:{self.lake}", "--table", "check_constraint")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("the CHECK constraint positive", done.stderr)
        self.assertEqual(everything(folder), before)

    def test_append_only_tables(self):
        folder = self.copy("txn_and_append_only")
        before = everything(folder)
        pq.write_table(pa.table({"id": [7]}), self.lake / "rows.parquet")
        done = self.run_command("load", self.lake / "rows.parquet", "--to", f"delta:{self.lake}", "--table",
                                "txn_and_append_only", "--mode", "overwrite")
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("delta.appendOnly", done.stderr)
        self.assertEqual(everything(folder), before)

    def test_overwrite(self):
        for name in WRITABLE:
            if name in ("txn_and_append_only", "change_data_feed"):
                continue
            with self.subTest(name):
                folder = self.copy(name)
                first, rows, columns = self.rows_for(name)
                pq.write_table(rows, self.lake / "rows.parquet")
                store.load([self.lake / "rows.parquet"], f"delta:{self.lake}?durability=process", name, "--mode", "overwrite")
                added = [[value, *[None] * (len(columns) - 1)] for (value,) in delta_tables.wanted(rows)]
                self.assertEqual(delta_tables.differences(added, self.kernel.rows(folder)), [], "Java")


def everything(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def sparks(value):
    """A value of `inspect` or of Spark's JSON in one form."""
    if isinstance(value, dict):
        return {key: sparks(item) for key, item in value.items()}
    if isinstance(value, list):
        if value and all(isinstance(item, dict) and set(item) == {"key", "value"} for item in value):  # a map of ours
            return {item["key"]: sparks(item["value"]) for item in value}
        return [sparks(item) for item in value]
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, (int, float, decimal.Decimal)):
        return f"number {decimal.Decimal(str(value)).normalize()}"
    if value.startswith("0x"):
        return f"bytes {value[2:].lower()}"
    try:
        return f"number {decimal.Decimal(value).normalize()}"
    except decimal.InvalidOperation:
        pass
    try:
        if value.endswith("Z"):
            return f"time {datetime.datetime.fromisoformat(value.replace('Z', '+00:00')).isoformat(timespec='microseconds')}"
        if len(value) >= 19 and value[10] == "T":
            return f"time {datetime.datetime.fromisoformat(value).isoformat(timespec='microseconds')}"
    except ValueError:
        pass
    if value in ("AP8Q", "AQ=="):
        return f"bytes {base64.b64decode(value).hex()}"
    return value


def comparable(row):
    return json.dumps(row, sort_keys=True)


if __name__ == "__main__":
    unittest.main()
