"""A test case with a PostgreSQL server of its class's own, a database of its own in it, and words for what a load did.
Tables are read with psycopg2."""

import decimal
import json
import os
import pathlib
import signal
import sys

import psycopg2
import psycopg2.extras
import pyarrow as pa
import pyarrow.parquet as pq

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "services"))

from postgresql import PostgreSQL
from stream_case import StreamCase

OWN_TABLES = ("ampload_checkpoints", "ampload_undo", "ampload_loads")


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


class PostgreSQLCase(StreamCase):
    server_options = {}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server = PostgreSQL(**cls.server_options)
        cls.addClassCleanup(cls.server.end)
        cls.databases = 0

    def setUp(self):
        super().setUp()
        type(self).databases += 1
        self.database = f"test{self.databases}"
        self.sql(f"CREATE DATABASE {self.database}", database="postgres")
        self.uri = self.server.uri(self.database)

    def connect(self, database=None, **parameters):
        connection = psycopg2.connect(self.server.uri(database or self.database, **parameters))
        connection.autocommit = True
        self.addCleanup(connection.close)
        return connection

    def sql(self, statement, *parameters, database=None):
        """The rows, where there are any; in a connection of its own."""
        connection = psycopg2.connect(self.server.uri(database or self.database))
        connection.autocommit = True
        try:
            with connection.cursor() as cursor:
                cursor.execute(statement, parameters or None)
                return cursor.fetchall() if cursor.description else None
        finally:
            connection.close()

    def file(self, **columns):
        """A Parquet file of these columns: each a list, or an Arrow array."""
        return self.parquet(pa.table(columns), "rows.parquet")

    def parquet(self, table, name, row_group_size=None):
        path = self.work / name
        pq.write_table(table, path, row_group_size=row_group_size)
        return path

    def numbers(self, count, name="rows.parquet", first=0, row_group_size=None):
        values = range(first, first + count)
        table = pa.table({"n": pa.array(values, pa.int64()), "text": [f"row {v:030d}" for v in values]})
        return self.parquet(table, name, row_group_size)

    def load(self, *arguments, table="t", to=None, **how):
        return self.command("load", *arguments, "--to", to or self.uri, "--table", table, **how)

    def well(self, *arguments, **how):
        """The result of a load that must end well."""
        done = self.load(*arguments, "--json", **how)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def words(self, server, *more, to=None, **how):
        return super().words(server, *more, to=to or self.uri, **how)

    def exists(self, table="t", schema="public"):
        return self.sql("SELECT pg_catalog.to_regclass(%s) IS NOT NULL", f"{quoted(schema)}.{quoted(table)}")[0][0]

    def rows(self, table="t", schema="public"):
        """As dictionaries, in no order; None where there is no such table."""
        if not self.exists(table, schema):
            return None
        connection = psycopg2.connect(self.server.uri(self.database), cursor_factory=psycopg2.extras.RealDictCursor)
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(f"SELECT * FROM {quoted(schema)}.{quoted(table)}")
                return [{name: plain(value) for name, value in row.items()} for row in cursor.fetchall()]
        finally:
            connection.close()

    def column(self, name="n", table="t", schema="public"):
        """The sorted values of a column; None where there is no such table."""
        rows = self.rows(table, schema)
        return None if rows is None else sorted(row[name] for row in rows)

    def inspected(self, table="t", limit=1000, to=None):
        done = self.command("inspect", to or self.uri, "--table", table, "--json", "--limit", limit)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)["table"]

    def leftovers(self):
        """What no load that has ended may leave: open transactions, staging tables, locks that wait."""
        return self.sql("SELECT pid, state, query FROM pg_catalog.pg_stat_activity WHERE application_name LIKE "
                        "'ampload%%' AND xact_start IS NOT NULL") + \
            self.sql("SELECT relname FROM pg_catalog.pg_class WHERE relname LIKE 'ampload%%' AND relkind = 'r' AND "
                     "relname <> ALL (%s)", list(OWN_TABLES))

    def backends(self):
        """The server's processes that serve ampload."""
        return [pid for pid, in self.sql("SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'ampload%%' "
                                         "AND datname = %s", self.database)]


def plain(value):
    """As pyarrow gives it."""
    if isinstance(value, memoryview):
        return bytes(value)
    if isinstance(value, decimal.Decimal) and value == value.to_integral_value():
        return int(value)
    return value


def kill(pid):
    os.kill(pid, signal.SIGKILL)
