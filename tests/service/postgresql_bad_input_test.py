"""Rows and tables that do not go together in PostgreSQL: each says where, what and what to do next, and leaves the table
as it was."""

import decimal
import unittest

import pyarrow as pa

from postgresql_case import PostgreSQLCase


class BadInput(PostgreSQLCase):
    def refused(self, done, *texts, status=1, table="t", rows=()):
        self.assert_said(done, status, *texts)
        self.assertEqual(self.rows(table) or [], list(rows))
        self.assertEqual(self.leftovers(), [])

    def test_a_table_with_other_types(self):
        self.sql("CREATE TABLE t (n text, text integer, moment interval)")
        file = self.file(n=[1, 2], text=["a", "b"], moment=[pa.scalar(1).as_py(), 2])
        self.refused(self.load(file), "table=public.t", "column=text", "integer", "column=moment", "interval")

    def test_the_columns_type_decides(self):
        self.sql("CREATE TABLE t (n bigint, small smallint, amount numeric(10,2), name varchar(5), at date)")
        day = pa.array([19000], pa.date32())
        file = self.file(n=pa.array([2**63 - 1], pa.uint64()), small=pa.array([-32768], pa.int64()),
                         amount=[decimal.Decimal("12345678.90")], name=["fünf!"], at=day)
        self.well(file)
        self.assertEqual(self.rows(), [{"n": 2**63 - 1, "small": -32768, "amount": decimal.Decimal("12345678.90"),
                                        "name": "fünf!", "at": day[0].as_py()}])

    def test_a_value_that_its_column_cannot_hold(self):
        for kind, values, said in (
                ("bigint", pa.array([1, 2**64 - 1], pa.uint64()), "value=18446744073709551615"),
                ("integer", pa.array([1, 2**31], pa.int64()), "value=2147483648"),
                ("smallint", pa.array([1, -40000], pa.int32()), "value=-40000"),
                ("numeric(5,2)", pa.array([decimal.Decimal("1.00"), decimal.Decimal("1000.00")]), "1000.00"),
                ("numeric(5,1)", pa.array([decimal.Decimal("1.10"), decimal.Decimal("1.25")]), "1.25"),
                ("varchar(3)", pa.array(["äöü", "äöüß"]), "column_type=character"),
                ("char(3)", pa.array(["äöü", "äöüß"]), "column_type=character"),
                ("bigint not null", pa.array([1, None], pa.int64()), "null"),
                ("text", pa.array(["x", "a\0b"]), "NUL")):
            with self.subTest(kind):
                self.sql("DROP TABLE IF EXISTS t")
                self.sql(f"CREATE TABLE t (v {kind})")
                self.refused(self.load(self.file(v=values)), "table=public.t", "column=v", "row=1", said)
                self.assertEqual(self.sql("SELECT count(*) FROM t"), [(0,)])
                self.well(self.file(v=values.slice(0, 1)))

    def test_nul_in_text_of_a_new_table(self):
        self.refused(self.load(self.file(v=["x", "y", "a\0b"])), "table=public.t", "column=v", "row=2")
        self.assertFalse(self.exists())

    def test_a_generated_column(self):
        self.sql("CREATE TABLE t (n bigint, twice bigint GENERATED ALWAYS AS (n * 2) STORED)")
        self.refused(self.load(self.file(n=[1], twice=[7])), "table=public.t", "column twice", "generated",
                     "--exclude twice")
        self.well(self.file(n=[1, 2]))
        self.assertEqual(self.column("twice"), [2, 4])

    def test_an_identity_column(self):
        self.sql("CREATE TABLE t (id bigint GENERATED ALWAYS AS IDENTITY, n bigint)")
        self.refused(self.load(self.file(id=[1], n=[7])), "column id", "generated")
        self.well(self.file(n=[5, 6]))
        self.assertEqual(self.column("id"), [1, 2])

    def test_a_trigger_that_raises(self):
        self.sql("CREATE TABLE t (n bigint)")
        self.sql("CREATE FUNCTION no_seven() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN IF NEW.n = 7 THEN RAISE "
                 "EXCEPTION 'seven is not wanted here' USING HINT = 'take eight'; END IF; RETURN NEW; END$$")
        self.sql("CREATE TRIGGER guard BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION no_seven()")
        self.refused(self.load(self.file(n=list(range(10)))), "seven is not wanted here", "take eight",
                     "table=public.t", "row=7")
        self.well(self.file(n=[1, 2, 3]))

    def test_a_trigger_that_drops_rows(self):
        self.sql("CREATE TABLE t (n bigint)")
        self.sql("CREATE FUNCTION drop_odd() RETURNS trigger LANGUAGE plpgsql AS "
                 "$$BEGIN IF NEW.n % 2 = 1 THEN RETURN NULL; END IF; RETURN NEW; END$$")
        self.sql("CREATE TRIGGER guard BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION drop_odd()")
        self.refused(self.load(self.file(n=list(range(10)))), "table=public.t")

    def test_a_unique_violation_names_row_and_key(self):
        self.sql("CREATE TABLE t (n bigint PRIMARY KEY, text text)")
        self.well(self.file(n=[5], text=["old"]))
        kept = [{"n": 5, "text": "old"}]
        self.refused(self.load(self.file(n=[3, 4, 5], text=["a", "b", "c"])), "t_pkey", "(n)=(5)", "row=2", rows=kept)
        self.refused(self.load(self.file(n=[8, 9, 8], text=["a", "b", "c"])), "(n)=(8)", "row=2", rows=kept)

    def test_the_row_of_a_violation_deep_in_a_load(self):
        self.sql("CREATE TABLE t (n bigint UNIQUE, text text)")
        self.sql("INSERT INTO t VALUES (70001, 'there')")
        file = self.numbers(100_000, row_group_size=30_000)
        self.refused(self.load(file, to=f"{self.uri}?flush_bytes=64KiB"), "(n)=(70001)", "row=70001",
                     rows=[{"n": 70001, "text": "there"}])

    def test_a_check_and_a_foreign_key(self):
        self.sql("CREATE TABLE parents (id bigint PRIMARY KEY)")
        self.sql("INSERT INTO parents VALUES (1)")
        self.sql("CREATE TABLE t (n bigint CHECK (n < 100), parent bigint REFERENCES parents)")
        self.refused(self.load(self.file(n=[1, 100], parent=[1, 1])), "t_n_check", "row=1")
        self.refused(self.load(self.file(n=[1, 2], parent=[1, 2])), "t_parent_fkey", "(parent)=(2)")

    def test_rights(self):
        self.sql("CREATE TABLE t (n bigint)")
        self.sql("DO $$ BEGIN CREATE ROLE reader LOGIN; EXCEPTION WHEN duplicate_object THEN END $$")
        self.sql("GRANT SELECT ON t TO reader")
        reader = self.server.uri(self.database, user="reader")
        file = self.file(n=[1])
        self.refused(self.load(file, to=reader), "permission denied", "table=public.t", status=2)
        self.refused(self.load(file, to=reader, table="another"), "permission denied", "public", status=2)
        self.assertFalse(self.exists("another"))
        self.sql("GRANT INSERT ON t TO reader")
        self.well(file, to=reader)
        checked = self.command("check", reader)
        self.assertIn("15", checked.stdout + checked.stderr)

    def test_what_is_no_table(self):
        self.sql("CREATE VIEW t AS SELECT 1::bigint AS n")
        self.sql("CREATE MATERIALIZED VIEW m AS SELECT 1::bigint AS n")
        file = self.file(n=[2])
        self.assert_said(self.load(file), 2, "public.t", "view")
        self.assert_said(self.load(file, table="m"), 2, "public.m", "materialised")

    def test_a_schema_that_is_missing(self):
        self.assert_said(self.load(self.file(n=[1]), table="nowhere.t"), 2, "nowhere")

    def test_a_statement_timeout_of_the_database_does_not_end_a_load(self):
        self.sql("CREATE TABLE t (n bigint)")
        self.sql("CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS "
                 "$$BEGIN PERFORM pg_sleep(0.05); RETURN NEW; END$$")
        self.sql("CREATE TRIGGER guard BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION slow()")
        self.sql(f"ALTER DATABASE {self.database} SET statement_timeout = '200ms'")
        self.well(self.file(n=list(range(20))))
        self.assertEqual(self.column(), list(range(20)))

    def test_a_lock_that_another_holds(self):
        self.sql("CREATE TABLE t (n bigint)")
        holder = self.connect()
        holder.autocommit = False
        holder.cursor().execute("LOCK TABLE t IN ACCESS EXCLUSIVE MODE")
        # Reading the table would wait for the lock, too.
        done = self.load(self.file(n=[1]), to=f"{self.uri}?lock_timeout=100ms")
        self.assert_said(done, 1, "table=public.t", str(holder.info.backend_pid))
        holder.rollback()
        self.well(self.file(n=[1]))


if __name__ == "__main__":
    unittest.main()
