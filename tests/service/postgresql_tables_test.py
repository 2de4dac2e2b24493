"""Tables that ampload did not make, as `ampload inspect` and `ampload plan` see them; and partitions."""

import json
import unittest

import pyarrow as pa

from command import start
from postgresql_case import PostgreSQLCase

# Column, its type, the values of two rows as SQL, and as inspect shows them. What Arrow has no value for is text.
ODD_COLUMNS = [
    ("domain_of_domain", "d2", "'abc'", "NULL", "abc", None),
    ("mood", "mood", "'sad'", "NULL", "sad", None),
    ("moods", "mood[]", "'{ok,NULL}'", "'{}'", ["ok", None], []),
    ("domains", "d2[]", "'{q}'", "NULL", ["q"], None),
    ("array_domain", "amounts", "'{1.5,NULL}'", "NULL", ["1.50", None], None),
    ("without_case", "public.citext", "'CiT'", "NULL", "CiT", None),
    ("padded", "char(5)", "'ab'", "NULL", "ab   ", None),
    ("padded_array", "char(3)[]", "'{a}'", "NULL", ["a  "], None),
    ("byte", '"char"', "'x'", "NULL", "x", None),
    ("millis", "timestamptz(3)", "'2020-01-01 00:00:00.1239Z'", "'-infinity'", "2020-01-01T00:00:00.124+00:00",
     "-infinity"),
    ("local", "timestamp", "'1900-01-01 00:00:01.5'", "NULL", "1900-01-01T00:00:01.500000", None),
    ("day", "date", "'2020-02-03'", "'infinity'", "2020-02-03", "infinity"),
    ("old_day", "date", "'0044-03-15 BC'", "NULL", "-0043-03-15", None),
    ("time_of_day", "time(3)", "'12:30:01.5'", "NULL", "12:30:01.500000", None),
    ("any_number", "numeric", "'1e-20'", "'NaN'", "0.00000000000000000001", "NaN"),
    ("number", "numeric(10,2)", "'1.5'", "NULL", "1.50", None),
    ("half_number", "numeric(10,2)", "'1.5'", "'NaN'", "1.50", "NaN"),
    ("real", "real", "0.1", "'NaN'", 0.1, "NaN"),
    ("double", "double precision", "0.1", "'-Infinity'", 0.1, "-Infinity"),
    ("point", "point", "'(1,2)'", "NULL", "(1,2)", None),
    ("bits", "bit(3)", "'101'", "NULL", "101", None),
    ("json", "json", "'{\"a\":  1}'", "NULL", '{"a":  1}', None),
    ("documents", "jsonb[]", "ARRAY['{\"a\":1}',NULL]::jsonb[]", "NULL", ['{"a": 1}', None], None),
    ("matrix", "int[][]", "'{1,2}'", "'{{1,2},{3,4}}'", "{1,2}", "{{1,2},{3,4}}"),
    ("ids", "uuid[]", "'{a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11}'", "NULL", ["0xa0eebc999c0b4ef8bb6d6bb9bd380a11"],
     None),
    ("bytes", "bytea", "'\\x00ff'", "''", "0x00ff", "0x"),
    ("flags", "boolean[]", "'{t,f}'", "NULL", [True, False], None),
]
HOSTILE = {"DateStyle": "'German, DMY'", "IntervalStyle": "sql_standard", "bytea_output": "escape",
           "extra_float_digits": "-5", "TimeZone": "'America/New_York'", "search_path": "nowhere"}


class Tables(PostgreSQLCase):
    def inspect(self, *words):
        return self.done(self.command("inspect", self.uri, *words, "--json"))

    def done(self, process):
        self.assertEqual(process.returncode, 0, process.stderr)
        return json.loads(process.stdout)

    def test_every_value_is_read_as_it_stands_whatever_the_settings_are(self):
        self.sql("CREATE EXTENSION citext; CREATE TYPE mood AS ENUM ('sad', 'ok');"
                 "CREATE DOMAIN d1 AS varchar(10); CREATE DOMAIN d2 AS d1 CHECK (VALUE <> 'x');"
                 "CREATE DOMAIN amounts AS numeric(10,2)[]")
        self.sql("CREATE TABLE odd (gone int, " + ", ".join(f"{name} {kind}" for name, kind, *_ in ODD_COLUMNS) + ")")
        self.sql("ALTER TABLE odd DROP COLUMN gone")
        for at in (2, 3):
            self.sql("INSERT INTO odd VALUES (" + ", ".join(column[at] for column in ODD_COLUMNS) + ")")
        for name, value in HOSTILE.items():
            self.sql(f"ALTER DATABASE {self.database} SET {name} = {value}")
        rows = self.inspect("--table", "odd")["table"]["rows"]
        for at, row in zip((4, 5), rows):
            for column in ODD_COLUMNS:
                if column[0] == "millis":  # an instant, in the session's time zone
                    continue
                self.assertEqual(row[column[0]], column[at], column[0])
        self.assertEqual(rows[0]["millis"], "2019-12-31T19:00:00.124-05:00")
        self.assertEqual(rows[1]["millis"], "-infinity")

    def test_tables_are_listed_as_they_are_written(self):
        self.sql('CREATE TABLE plain (a int PRIMARY KEY, b text); CREATE TABLE "Dot.ted" (a int);'
                 "CREATE VIEW seen AS SELECT 1; CREATE TABLE parts (a int) PARTITION BY RANGE (a);"
                 "CREATE TABLE part PARTITION OF parts DEFAULT; INSERT INTO parts VALUES (1), (2);"
                 "CREATE SCHEMA other; CREATE TABLE other.elsewhere (a int);"
                 "CREATE ROLE blind LOGIN; REVOKE ALL ON plain FROM PUBLIC")
        self.addCleanup(lambda: self.sql("DROP ROLE blind", database="postgres"))
        self.sql("CREATE TABLE ampload_undo (a int); CREATE TABLE ampload_new_x (a int)")  # names of ampload's own
        self.well(self.numbers(10))
        tables = self.inspect()["tables"]
        self.assertEqual([table["table_name"] for table in tables], ['"Dot.ted"', "parts", "plain", "t"])
        self.assertEqual([table["row_count"] for table in tables], [0, 2, 0, 10])
        self.assertGreater(tables[1]["size_bytes"], 0)
        for table in ('"Dot.ted"', "other.elsewhere", "public.plain"):
            self.inspect("--table", table)
        other = self.done(self.command("inspect", self.server.uri(self.database, schema="other"), "--json"))
        self.assertEqual([table["table_name"] for table in other["tables"]], ["elsewhere"])
        blind = self.done(self.command("inspect", self.server.uri(self.database, user="blind"), "--json"))
        self.assertEqual(blind["tables"], [])

    def test_a_plan_says_what_the_tables_own_columns_make_of_the_rows(self):
        self.sql("CREATE TABLE t (big bigint, small smallint, word varchar(3), number integer,"
                 " made int GENERATED ALWAYS AS (1) STORED)")
        file = self.file(big=pa.array([1], pa.uint64()), small=pa.array([1], pa.int64()), word=["a"],
                         number=["text"], made=pa.array([1], pa.int32()))
        done = self.command("plan", "load", file, "--to", self.uri, "--table", "t", "--json")
        self.assert_said(done, 1, "number", "made")
        plan = json.loads(done.stdout)
        said = {column["name"]: column for column in plan["columns"]}
        for name, stored_as in (("big", "bigint"), ("small", "smallint"), ("word", "character varying(3)")):
            self.assertEqual(said[name]["stored_as"], stored_as)
            self.assertEqual(said[name]["fidelity"], "exact")
            self.assertIn("bad row", said[name]["note"])
        for name in ("number", "made"):
            self.assertEqual(said[name]["fidelity"], "refused")
        self.assertEqual(self.sql("SELECT count(*) FROM t"), [(0,)])

    def test_a_plan_of_a_new_table_is_what_the_load_then_makes(self):
        file = self.file(a=pa.array([1], pa.uint64()), b=["x"])
        words = (file, "--to", f"{self.uri}?unlogged=true", "--table", "new", "--mode", "upsert", "--key", "a")
        plan = self.done(self.command("plan", "load", *words, "--json"))
        self.assertEqual(self.sql("SELECT to_regclass('new')"), [(None,)])
        for statement in plan["layout"]:
            if statement.startswith(("CREATE", "COMMENT")):
                self.sql(statement)
        shape = ("SELECT attname, format_type(atttypid, atttypmod), attnotnull, col_description(attrelid, attnum),"
                 " relpersistence, (SELECT count(*) FROM pg_index WHERE indrelid = c.oid)"
                 " FROM pg_attribute JOIN pg_class c ON c.oid = attrelid WHERE relname = 'new' AND attnum > 0")
        planned = self.sql(shape)
        self.sql("DROP TABLE new")
        self.done(self.command("load", *words, "--json"))
        self.assertEqual(self.sql(shape), planned)
        self.assertEqual(planned[0], ("a", "numeric(20,0)", True, "Arrow type: uint64", "u", 1))


class Partitions(PostgreSQLCase):
    def ranges(self, table="t"):
        return dict(self.sql("SELECT c.relname, pg_get_expr(c.relpartbound, c.oid) FROM pg_inherits"
                             " JOIN pg_class c ON c.oid = inhrelid WHERE inhparent = %s::regclass", table))

    def blocks(self, first, count, name="rows.parquet"):
        return self.parquet(pa.table({"block_num": pa.array(range(first, first + count), pa.uint64())}), name)

    def by(self, width):
        return f"{self.uri}?partition_by=block_num:{width}"

    def test_they_are_made_as_rows_need_them(self):
        self.well(self.blocks(1500, 1000), to=self.by(1000))
        self.assertEqual(self.ranges(), {"t_p1000": "FOR VALUES FROM ('1000') TO ('2000')",
                                         "t_p2000": "FOR VALUES FROM ('2000') TO ('3000')"})
        self.well(self.blocks(2500, 2000), to=self.by(2000))
        self.assertEqual(self.ranges()["t_p3000"], "FOR VALUES FROM ('3000') TO ('4000')")
        self.assertEqual(self.ranges()["t_p4000"], "FOR VALUES FROM ('4000') TO ('6000')")
        self.assertEqual(self.sql("SELECT count(*), count(DISTINCT block_num) FROM t"), [(3000, 3000)])

    def test_four_loads_at_once_make_each_of_them_once(self):
        self.well(self.blocks(0, 10), to=self.by(100))
        files = [self.blocks(1000 + 50 * k, 1000, f"{k}.parquet") for k in range(4)]
        loads = [start("load", file, "--to", self.by(100), "--table", "t") for file in files]
        for load in loads:
            _, errors = load.communicate(timeout=60)
            self.assertEqual(load.returncode, 0, errors)
        self.assertEqual(self.sql("SELECT count(*) FROM t"), [(4010,)])
        self.assertEqual(len(self.ranges()), 1 + 12)

    def test_a_failed_load_leaves_none(self):
        self.sql("CREATE TABLE t (block_num bigint CHECK (block_num <> 150)) PARTITION BY RANGE (block_num)")
        self.assertEqual(self.load(self.blocks(0, 200), to=self.by(100)).returncode, 1)
        self.assertEqual(self.ranges(), {})

    def test_a_default_partition_takes_what_has_no_other(self):
        self.sql("CREATE TABLE t (block_num bigint) PARTITION BY RANGE (block_num);"
                 "CREATE TABLE rest PARTITION OF t DEFAULT")
        self.well(self.blocks(0, 200), to=self.by(100))
        self.assertEqual(self.sql("SELECT count(*) FROM rest"), [(200,)])

    def test_what_cannot_be_is_refused(self):
        file = self.file(block_num=pa.array([1, 10**15], pa.uint64()), label=["a", "b"])
        self.assert_said(self.load(file, to=self.by(1)), 2, "more than 10000 partitions")
        self.assert_said(self.load(file, "--mode", "upsert", "--key", "label", to=self.by(10**15)), 2, "--key")
        self.assert_said(self.load(file, to=f"{self.uri}?partition_by=label:10"), 2, "no integer")
        self.sql("CREATE TABLE t (block_num bigint, label text) PARTITION BY LIST (label);"
                 "CREATE TABLE a PARTITION OF t FOR VALUES IN ('a')")
        self.assert_said(self.load(file, to=self.by(10**15)), 2, "not partitioned by ranges")

    def test_a_commit_is_on_the_disk_whatever_the_database_says(self):
        self.sql(f'ALTER DATABASE "{self.database}" SET synchronous_commit = off')
        self.sql("CREATE TABLE t (n bigint, how text DEFAULT current_setting('synchronous_commit'))")
        self.assertEqual(self.sql("SHOW synchronous_commit"), [("off",)])
        self.well(self.numbers(3), "--columns", "n")
        self.assertEqual(self.sql("SELECT DISTINCT how FROM t"), [("on",)])

    def test_text_columns_keep_their_types_when_others_evolve(self):
        self.sql("CREATE TABLE t (n bigint, s varchar(20), j json, c text)")
        file = self.file(n=[1], s=pa.array(["a"], pa.large_string()), j=pa.array(["{}"], pa.large_string()),
                         c=pa.array(["b"], pa.large_string()), more=[2])
        self.well(file, "--on-schema-change", "evolve")
        types = self.sql("SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 't'::regclass AND attnum > 0 "
                         "ORDER BY attnum")
        self.assertEqual([name for name, in types], ["bigint", "character varying(20)", "json", "text", "bigint"])


if __name__ == "__main__":
    unittest.main()
