"""A test case with a Redis server of its class's own, and words for what a load did. Tables are read with redis-py."""

import datetime
import decimal
import json
import os
import pathlib
import re
import signal
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import redis

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "services"))

from command import AMPLOAD, environment_of
from redis_server import Redis
from stream_case import StreamCase

OWN = b"__ampload__:"
# What loads that have ended, and streams between two commits, may leave of ampload's own.
LASTING = ("tables", "rows", "table:", "schema:", "checkpoints:", "batches:", "undo:", "alone:")


class RedisCase(StreamCase):
    server_options = {}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server = Redis(**cls.server_options)
        cls.addClassCleanup(cls.server.end)

    def setUp(self):
        super().setUp()
        self.client = self.connect()
        self.client.flushall()
        self.uri = self.server.uri()

    def connect(self, **more):
        """A client of every right, through the unix socket."""
        client = redis.Redis(unix_socket_path=str(self.server.socket), password=self.server.password, **more)
        self.addCleanup(client.close)
        return client

    def to(self, **options):
        return self.server.uri(**options)

    def file(self, **columns):
        """A Parquet file of these columns: each a list, or an Arrow array."""
        return self.parquet(pa.table(columns), "rows.parquet")

    def parquet(self, table, name, row_group_size=None):
        path = self.work / name
        pq.write_table(table, path, row_group_size=row_group_size)
        return path

    def numbers(self, count, name="rows.parquet", first=0, row_group_size=None, text="row"):
        values = range(first, first + count)
        table = pa.table({"n": pa.array(values, pa.int64()),
                          "text": pa.array([f"{text} {v:030d}" for v in values], pa.string())})
        return self.parquet(table, name, row_group_size)

    def load(self, *arguments, table="t", to=None, **how):
        return self.command("load", *arguments, "--to", to or self.uri, "--table", table, **how)

    def well(self, *arguments, **how):
        """The result of a load that must end well."""
        done = self.load(*arguments, "--json", **how)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def start_load(self, *words, fault=None, table="t", to=None):
        process = subprocess.Popen([AMPLOAD, "load", *map(str, words), "--to", to or self.uri, "--table", table, "--json"],
                                   cwd=self.work, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True, env=environment_of(fault))
        self.addCleanup(self.kill, process)
        return process

    def finish(self, process):
        """Lets a load that has stopped itself go on: its status, its result, what it said."""
        process.send_signal(signal.SIGCONT)
        out, err = process.communicate(timeout=120)
        return process.returncode, json.loads(out) if out.strip() else None, err

    def words(self, server, *more, to=None, **how):
        return super().words(server, *more, to=to or self.uri, **how)

    def record(self, table="t"):
        """What ampload keeps about a table; None: nothing."""
        found = self.client.get(f"__ampload__:table:{table}")
        return None if found is None else json.loads(found)

    def schema(self, table="t"):
        return pa.ipc.read_schema(pa.py_buffer(self.client.get(f"__ampload__:schema:{table}")))

    def row_keys(self, table="t", kind=None):
        """Of a table with a key a row: all that begin as its keys do, and have that type."""
        literal = re.sub(r"([\\*?\[\]])", r"\\\1", table)
        return sorted(self.client.scan_iter(match=f"{literal}:*", count=1000, _type=kind))

    def everything(self, own=True):
        """The whole database, by key: equal means that nothing was changed."""
        return {key: self.client.dump(key) for key in sorted(self.client.scan_iter(count=1000))
                if own or not key.startswith(OWN)}

    def exists(self, table="t"):
        return self.record(table) is not None

    def rows(self, table="t"):
        """As dictionaries, in no order, nulls included; None where there is no such table."""
        record = self.record(table)
        if record is None:
            return None
        structure, schema = record["structure"], self.schema(table)
        if structure == "hash":
            pipeline = self.client.pipeline(transaction=False)
            for key in self.row_keys(table):
                pipeline.hgetall(key)
            found = pipeline.execute()
        elif structure == "stream":
            found = [fields for _, fields in self.client.xrange(table)]
        else:
            return [self.unpacked(row, record, schema) for row in self.values(structure, table)]
        return [{field.name: plain(row.get(field.name.encode()), field.type, record["binary"]) for field in schema}
                for row in found]

    def values(self, structure, table):
        """The rows of a table whose rows are one value each, as they are stored."""
        if structure == "string":
            keys = self.row_keys(table)
            return self.client.mget(keys) if keys else []
        return {"set": self.client.smembers, "list": lambda key: self.client.lrange(key, 0, -1),
                "sorted_set": lambda key: self.client.zrange(key, 0, -1)}[structure](table)

    @staticmethod
    def unpacked(row, record, schema):
        if record["value_format"] == "msgpack":
            import msgpack
            found = msgpack.unpackb(row, strict_map_key=False)
        else:
            found = json.loads(row)
        return {field.name: from_row(found[field.name], field.type) for field in schema}

    def column(self, name="n", table="t"):
        """The sorted values of a column; None where there is no such table."""
        rows = self.rows(table)
        return None if rows is None else sorted(row[name] for row in rows)

    def inspected(self, table="t", limit=1000, to=None):
        done = self.command("inspect", to or self.uri, "--table", table, "--json", "--limit", limit)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)["table"]

    def leftovers(self):
        """What no load that has ended may leave: open loads, journals, hidden rows, what is about no table; a count
        that is not that of the rows."""
        left = [key for key in sorted(self.client.scan_iter(match=OWN + b"*", count=1000))
                if not key.decode().removeprefix(OWN.decode()).startswith(LASTING)]
        tables = {name.decode() for name in self.client.smembers("__ampload__:tables")}
        for key in self.client.scan_iter(match="__ampload__:table:*", count=1000):
            if key.decode().removeprefix("__ampload__:table:") not in tables:
                left.append(key)
        for table in tables:
            record = self.record(table)
            if record["structure"] in ("hash", "string", "json") and not record.get("expires"):
                counted = int(self.client.hget("__ampload__:rows", table) or 0)
                found = len(self.row_keys(table, record["structure"]))
                if counted != found:
                    left.append(f"{table}: {counted} rows are counted, there are {found}")
        return left

    def clients(self):
        """The ids of the server's connections from ampload."""
        return [one["id"] for one in self.client.client_list() if one["name"].startswith("ampload")]

    def fault_points(self, run):
        """The points that a command passes, with how often each; `run` is called with its environment's fault counts
        in place."""
        counts = self.work / "counts"
        counts.unlink(missing_ok=True)
        os.environ["AMPLOAD_FAULT_COUNTS"] = str(counts)
        try:
            run()
        finally:
            del os.environ["AMPLOAD_FAULT_COUNTS"]
        return read_counts(counts)


def read_counts(path):
    found = {}
    for line in path.read_text().splitlines():
        name, count = line.rsplit(None, 1)
        found[name] = int(count)
    return found


def plain(text, kind, binary):
    """A field's text as pyarrow gives the value."""
    types = pa.types
    if text is None:
        return None
    if types.is_boolean(kind):
        return {b"true": True, b"false": False}[text]
    if types.is_integer(kind):
        return int(text)
    if types.is_floating(kind):
        return float(text)
    if types.is_string(kind) or types.is_large_string(kind):
        return text.decode()
    if types.is_binary(kind) or types.is_large_binary(kind) or types.is_fixed_size_binary(kind):
        return text if binary == "bytes" else bytes.fromhex(text.decode().removeprefix("0x"))
    return from_row(json.loads(text) if types.is_nested(kind) else text.decode(), kind)


def from_row(value, kind):
    """The same of a value in a JSON or msgpack row."""
    types = pa.types
    if value is None:
        return None
    if types.is_decimal(kind):
        return decimal.Decimal(value)
    if types.is_timestamp(kind):
        moment = datetime.datetime.fromisoformat(value.removesuffix("Z")[:26])
        return moment.replace(tzinfo=datetime.timezone.utc) if kind.tz else moment
    if types.is_date(kind):
        return datetime.date.fromisoformat(value)
    if isinstance(value, str) and (types.is_binary(kind) or types.is_fixed_size_binary(kind)):
        return bytes.fromhex(value.removeprefix("0x"))
    return value
