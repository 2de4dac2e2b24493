"""Names with quotes and capitals, other schemas, a search_path that leads astray; and each mode once, as psycopg2 sees
it."""

import unittest

import pyarrow as pa

from postgresql_case import PostgreSQLCase, quoted


class Names(PostgreSQLCase):
    def test_quotes_capitals_and_words_of_sql(self):
        for name in ("select", "Logs", 'a "quoted" name', "it's", "semi;colon", "ünïcödé", "x" * 63):
            with self.subTest(name):
                columns = {name: [1, 2], "Order": [3, 4], "order": [5, 6]}
                self.well(self.file(**columns), table=name if '"' not in name else quoted(name))
                self.assertEqual(self.column(name, table=name), [1, 2])
                self.assertEqual(self.column("order", table=name), [5, 6])
        self.assertFalse(self.exists("logs"))

    def test_a_name_that_is_too_long_is_not_cut(self):
        self.assert_said(self.load(self.file(n=[1]), table="x" * 64), 2, "63")
        self.assert_said(self.load(self.file(**{"y" * 64: [1]})), 1, "63", "y" * 64)
        self.assertFalse(self.exists())

    def test_another_schema(self):
        self.sql('CREATE SCHEMA "Chain"')
        file = self.file(n=[1, 2])
        self.well(file, table="Chain.t")
        self.well(file, to=f"{self.uri}?schema=Chain")
        self.assertEqual(self.column(schema="Chain"), [1, 1, 2, 2])
        self.assertFalse(self.exists())
        server = self.serve("--blocks", 20)
        self.streamed(server, "--until", 19, "--table", "Chain.logs")
        self.assertEqual(len(self.rows("logs", "Chain")), len(server.rows()))
        self.assertTrue(self.exists("ampload_checkpoints", "Chain"))
        self.assertFalse(self.exists("ampload_checkpoints"))

    def test_a_hostile_search_path(self):
        self.sql("CREATE SCHEMA evil")
        for statement in ("CREATE TABLE evil.t (n text)", "CREATE TABLE evil.ampload_checkpoints (x int)",
                          "CREATE VIEW evil.pg_class AS SELECT 1 AS oid WHERE false",
                          "CREATE VIEW evil.pg_attribute AS SELECT 1 AS attrelid WHERE false",
                          "CREATE VIEW evil.pg_namespace AS SELECT 1 AS oid WHERE false",
                          "CREATE VIEW evil.pg_type AS SELECT 1 AS oid WHERE false",
                          "CREATE VIEW evil.pg_stat_activity AS SELECT 1 AS pid WHERE false",
                          "CREATE FUNCTION evil.to_regclass(text) RETURNS regclass LANGUAGE sql AS 'SELECT NULL::regclass'",
                          "CREATE FUNCTION evil.pg_backend_pid() RETURNS int LANGUAGE sql AS 'SELECT 1'",
                          "CREATE FUNCTION evil.format_type(oid, integer) RETURNS text LANGUAGE sql AS $$SELECT 'x'$$",
                          f"ALTER DATABASE {self.database} SET search_path = evil, pg_catalog"):
            self.sql(statement)
        file = self.numbers(100)
        self.well(file)
        server = self.serve("--blocks", 60, "--script", "wait-sent 59; reorg 5 9")
        self.streamed(server, "--until", 63, "--commit-rows", 1)
        self.assert_canonical(server)
        self.streamed(server, "--until", 63, "--mode", "upsert", "--key", "log_index", "--table", "w")
        self.assertEqual(self.column("log_index", table="w"), sorted({row["log_index"] for row in server.rows()}))
        self.well(file, "--mode", "upsert", "--key", "n", table="v")
        self.well(file, "--mode", "upsert", "--key", "n", table="v")
        self.assertEqual(self.column(), list(range(100)))
        self.assertEqual(self.column(table="v"), list(range(100)))
        self.assertEqual(self.sql("SELECT count(*) FROM evil.t"), [(0,)])

    def test_an_overwrite_is_seen_whole_or_not_at_all(self):
        self.well(self.numbers(1000))
        reader = self.connect()
        reader.autocommit = False
        cursor = reader.cursor()
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        cursor.execute("SELECT count(*) FROM t")
        self.well(self.numbers(10, first=5000), "--mode", "overwrite")
        cursor.execute("SELECT count(*), max(n) FROM t")
        self.assertEqual(cursor.fetchone(), (1000, 999))
        reader.rollback()
        self.assertEqual(self.column(), list(range(5000, 5010)))
        self.well(self.numbers(3), "--mode", "overwrite", to=f"{self.uri}?overwrite=truncate")
        self.assertEqual(self.column(), [0, 1, 2])

    def test_upsert_and_merge(self):
        file = self.file(id=[1, 2, 3], a=["x", "y", "z"], b=[1, 2, 3])
        self.well(file, "--mode", "upsert", "--key", "id")
        self.assertIn("PRIMARY KEY", self.sql("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = "
                                              "'t'::regclass AND contype = 'p'")[0][0])
        self.well(self.file(id=[3, 4, 4], a=["Z", "first", "last"], b=[33, 0, 44]), "--mode", "upsert", "--key", "id")
        self.well(self.file(id=[1, 5], b=[11, 55]), "--mode", "merge", "--key", "id")
        self.assertEqual(sorted(map(tuple, (row.values() for row in self.rows()))),
                         [(1, "x", 11), (2, "y", 2), (3, "Z", 33), (4, "last", 44), (5, None, 55)])

    def test_merge_with_operations(self):
        self.well(self.file(id=[1, 2, 3], a=["x", "y", "z"]), "--mode", "upsert", "--key", "id")
        self.well(self.file(_op=["delete", "update", "insert", "upsert"], id=[1, 2, 4, 5], a=[None, "Y", "w", "v"]),
                  "--mode", "merge", "--key", "id")
        self.assertEqual(sorted(map(tuple, (row.values() for row in self.rows()))),
                         [(2, "Y"), (3, "z"), (4, "w"), (5, "v")])

    def test_options_of_a_new_table(self):
        uri = f"{self.uri}?unlogged=true&partition_by=block_num:1000"
        file = self.file(block_num=pa.array([0, 999, 1000, 5500], pa.uint64()), n=[1, 2, 3, 4])
        self.well(file, to=uri)
        self.assertEqual(self.column(), [1, 2, 3, 4])
        self.assertEqual(self.sql("SELECT DISTINCT tableoid::regclass::text FROM t ORDER BY 1"),
                         [("t_p0",), ("t_p1000",), ("t_p5000",)])
        self.assertEqual(self.sql("SELECT DISTINCT relpersistence FROM pg_class WHERE relname LIKE 't_p%%'"), [("u",)])
        self.well(self.file(n=[1]), table="after", to=f"{self.uri}?after_load=CREATE INDEX by_n ON {{table}} (n)")
        self.assertEqual(self.sql("SELECT indexname FROM pg_indexes WHERE tablename = 'after'"), [("by_n",)])


if __name__ == "__main__":
    unittest.main()
