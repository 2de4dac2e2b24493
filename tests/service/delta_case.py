"""A test case with a folder of Delta tables, or a prefix of an S3 bucket, and words for what a load did. Tables are read with
deltalake."""

import decimal
import json
import os
import pathlib
import signal
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable

HERE = pathlib.Path(__file__).resolve().parent
sys.path += [str(HERE.parent / "services"), str(HERE.parent / "interop")]

from command import AMPLOAD, environment_of
from delta_tables import rust_table
from moto_server import BUCKET, Moto
from stream_case import StreamCase, by_block


class DeltaCase(StreamCase):
    def setUp(self):
        super().setUp()
        self.lake = self.work / "lake"

    def to(self, **options):
        options = {"durability": "process", **options}
        return f"delta:{self.lake}" + "".join(f"{'&' if i else '?'}{k}={v}" for i, (k, v) in enumerate(options.items()))

    @property
    def uri(self):
        return self.to()

    def folder(self, table="t"):
        """As deltalake takes it."""
        return str(self.lake / table)

    def storage_options(self):
        return None

    def opened(self, table="t", version=None):
        return DeltaTable(self.folder(table), version=version, storage_options=self.storage_options())

    def exists(self, table="t"):
        return DeltaTable.is_deltatable(self.folder(table), storage_options=self.storage_options())

    def numbers(self, count, name="rows.parquet", first=0, row_group_size=None):
        values = range(first, first + count)
        return self.parquet(pa.table({"n": pa.array(values, pa.int64()),
                                      "text": pa.array([f"row {v:030d}" for v in values], pa.string())}), name, row_group_size)

    def parquet(self, table, name="rows.parquet", row_group_size=None):
        path = self.work / name
        pq.write_table(table, path, row_group_size=row_group_size)
        return path

    def load(self, *arguments, table="t", to=None, **how):
        return self.command("load", *arguments, "--to", to or self.uri, "--table", table, **how)

    def well(self, *arguments, **how):
        """The result of a load that must end well."""
        done = self.load(*arguments, "--json", **how)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def start_load(self, *words, fault=None, table="t", to=None):
        process = subprocess.Popen([AMPLOAD, "load", *map(str, words), "--to", to or self.uri, "--table", table, "--json"],
                                   cwd=self.work, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   text=True, env=environment_of(fault))
        self.addCleanup(self.kill, process)
        return process

    def finish(self, process):
        """Lets a load that has stopped itself go on: its status, its result, what it said."""
        process.send_signal(signal.SIGCONT)
        out, err = process.communicate(timeout=120)
        return process.returncode, json.loads(out) if out.strip() else None, err

    def words(self, server, *more, to=None, **how):
        return super().words(server, *more, to=to or self.uri, **how)

    def rows(self, table="t"):
        """As dictionaries, in no order; None where there is no such table."""
        if not self.exists(table):
            return None
        found = rust_table(self.folder(table), storage_options=self.storage_options())
        columns = {name: [as_loaded(value) for value in found[name].to_pylist()] for name in found.column_names}
        return [dict(zip(columns, values)) for values in zip(*columns.values())]

    def column(self, name="n", table="t"):
        """The sorted values of a column; None where there is no such table."""
        rows = self.rows(table)
        return None if rows is None else sorted(row[name] for row in rows)

    def inspected(self, table="t", limit=1000, to=None):
        done = self.command("inspect", to or self.uri, "--table", table, "--json", "--limit", limit)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)["table"]

    def everything(self):
        """The whole lake, by path: equal means that nothing was changed."""
        return {str(path.relative_to(self.lake)): path.read_bytes()
                for path in sorted(self.lake.rglob("*")) if path.is_file()} if self.lake.exists() else {}

    def log(self, table="t"):
        """version -> its actions."""
        return {int(pathlib.PurePath(path).stem): [json.loads(line) for line in text.decode().splitlines()]
                for path, text in self.everything().items()
                if path.startswith(f"{table}/_delta_log/") and path.endswith(".json") and pathlib.PurePath(path).stem.isdigit()}

    def entry(self, version, table="t"):
        return self.lake / table / "_delta_log" / f"{version:020}.json"

    def adds(self, table="t"):
        """version -> how many files that entry adds."""
        return {version: sum("add" in action for action in actions) for version, actions in self.log(table).items()}

    def assert_live_files_are_there(self, table="t"):
        """No live file is missing, and none is live twice."""
        live = self.opened(table).file_uris()
        self.assertEqual(len(set(live)), len(live))
        self.rows(table)

    def slots(self, table="logs"):
        return {row["_amp_batch_id"] & 0x7FFF for row in self.rows(table)}


class S3Case(DeltaCase):
    """The same on S3. The command finds the credentials in its environment."""

    number = 0

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.moto = Moto()
        cls.addClassCleanup(cls.moto.end)
        before = dict(os.environ)
        cls.addClassCleanup(lambda: (os.environ.clear(), os.environ.update(before)))
        os.environ.update(cls.moto.variables())

    def setUp(self):
        super().setUp()
        S3Case.number += 1
        self.prefix = f"lake{S3Case.number}"

    def to(self, endpoint=None, **options):
        return self.moto.uri(self.prefix, endpoint=endpoint, **options)

    def folder(self, table="t"):
        return f"s3://{BUCKET}/{self.prefix}/{table}"

    def storage_options(self):
        return self.moto.storage_options()

    def everything(self):
        import pyarrow.fs
        files = self.moto.files()
        found = files.get_file_info(pyarrow.fs.FileSelector(self.prefix, recursive=True, allow_not_found=True))
        out = {}
        for one in found:
            if one.is_file:
                with files.open_input_stream(one.path) as stream:
                    out[one.path.removeprefix(self.prefix + "/")] = stream.read()
        return out


def as_loaded(value):
    """uint64 is decimal(20,0) in Delta."""
    if isinstance(value, decimal.Decimal) and value.as_tuple().exponent == 0:
        return int(value)
    if isinstance(value, list):
        return [as_loaded(item) for item in value]
    if isinstance(value, dict):
        return {key: as_loaded(item) for key, item in value.items()}
    return value


__all__ = ["BUCKET", "DeltaCase", "S3Case", "by_block"]
