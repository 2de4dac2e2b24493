"""A test case for loads that go by key: files of every kind, tables of every value format, what a load may leave."""

import contextlib
import datetime
import decimal
import json
import struct

import lmdb
import msgpack
import pyarrow as pa
import pyarrow.parquet as pq

from command import pairs, result_of
from load_case import LoadCase

FILE_KINDS = "parquet", "csv", "ndjson"
DECODERS = {
    "msgpack": lambda value: msgpack.unpackb(value, strict_map_key=False),
    "json": json.loads,
    "arrow_ipc": lambda value: pa.ipc.open_stream(value).read_all().to_pylist()[0],
}


def cell(value):
    """As CSV: a null is the empty cell, every text is quoted."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return '"' + value.replace('"', '""') + '"' if isinstance(value, str) else str(value)


def as_json(value):
    if isinstance(value, (decimal.Decimal, datetime.date)):
        return str(value)
    raise TypeError(type(value))


class ModesCase(LoadCase):
    def source(self, table, kind="parquet", name="rows"):
        """The rows as a file, and the arguments that load it with the very types."""
        path = self.work / f"{name}.{kind}"
        if kind == "parquet":
            pq.write_table(table, path)
            return (path,)
        rows = table.to_pylist()
        if kind == "csv":
            lines = [",".join(map(cell, row.values())) for row in rows]
            path.write_text("\n".join([",".join(table.column_names), *lines]) + "\n")
        else:
            path.write_text("".join(json.dumps(row, default=as_json) + "\n" for row in rows))
        return path, "--types", ",".join(f"{field.name}:{field.type}" for field in table.schema)

    def parquet(self, name="rows.parquet", **columns):
        pq.write_table(pa.table(columns), self.work / name)
        return self.work / name

    def by_key(self, mode, *arguments, key="id", option="", table="t", **how):
        """A load in that mode. `option` is what stands behind the target's question mark."""
        to = f"lmdb:{self.target}" + (f"?{option}" if option else "")
        keys = ("--key", key) if key else ()
        return self.command("load", *arguments, "--to", to, "--table", table, "--mode", mode, *keys, **how)

    def well(self, mode, *arguments, **how):
        """The JSON object of one that must end well; nothing but the rows may be left of it."""
        done = self.by_key(mode, *arguments, "--json", **how)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.leftovers(), [])
        return result_of(done)

    def decoded(self, *names, value_format="msgpack", table="t"):
        """The rows by their key columns; each key may be there once, and the order is LMDB's."""
        rows = [DECODERS[value_format](value) for _, value in pairs(self.target, table) or ()]
        by_key = {tuple(row[name] for name in names): row for row in rows}
        self.assertEqual(len(by_key), len(rows))
        return by_key

    def keys(self, pattern, *names, table="t"):
        """Each row stands under its own key's bytes: big-endian numbers, as struct packs them."""
        for key, value in pairs(self.target, table):
            row = DECODERS["msgpack"](value)
            self.assertEqual(key, struct.pack(pattern, *(row[name] for name in names)))

    def leftovers(self):
        """Open loads, rows of an overwrite, order values and undo records: what no finished load may leave."""
        found = []
        with lmdb.open(str(self.target), readonly=True, max_dbs=64) as environment:
            with environment.begin() as transaction:
                names = [bytes(name) for name, _ in transaction.cursor()]
            found += [name for name in names if name.startswith((b"__ampload__/new/", b"__ampload__/order/"))]
            for name, is_left in ((b"__ampload__", lambda key: key.startswith(b"load/")),
                                  (b"__ampload__/undo", lambda key: len(key) > 16)):
                if name in names:
                    database = environment.open_db(name, create=False)
                    with environment.begin(db=database) as transaction:
                        found += [bytes(key) for key, _ in transaction.cursor() if is_left(bytes(key))]
        return found

    def stored(self, table="t"):
        """Every byte that a reader could see of a table: its pairs and its schema."""
        catalog = dict(pairs(self.target, "__ampload__") or ())
        return pairs(self.target, table), catalog.get(f"schema/{table}".encode())

    @contextlib.contextmanager
    def unchanged(self):
        before = self.stored()
        yield
        self.assertEqual(self.stored(), before)

    def refuses(self, status, mode, *arguments, texts=(), **how):
        """Ends with that status and those texts; not a byte of the table is another one."""
        with self.unchanged():
            done = self.by_key(mode, *arguments, **how)
            self.assert_said(done, status, *texts)
        return done
