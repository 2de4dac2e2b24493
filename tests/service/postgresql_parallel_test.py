"""--parallel: a table filled aside over several connections, and put in place at the end."""

import time
import unittest

from postgresql_case import PostgreSQLCase


class Parallel(PostgreSQLCase):
    def test_a_new_table_has_every_row_once_over_the_connections_that_were_asked_for(self):
        self.well(self.numbers(50_000, row_group_size=1_000), "--parallel", 3, "--memory", "16MiB")
        self.assertEqual(self.column(), list(range(50_000)))
        self.assertEqual(self.sql("SELECT count(DISTINCT xmin::text) <= 3 FROM t")[0][0], True)
        self.assertEqual(self.leftovers(), [])
        self.assertEqual(self.sql("SELECT obj_description('t'::regclass)")[0][0], None)

    def test_an_overwritten_table_keeps_what_is_its_own(self):
        self.sql("CREATE TABLE t (n bigint PRIMARY KEY DEFAULT 7, text text CHECK (length(text) > 3), more int DEFAULT 5)")
        self.sql("CREATE INDEX by_text ON t (text); COMMENT ON TABLE t IS 'kept'; CREATE ROLE reader; "
                 "GRANT SELECT ON t TO reader; GRANT INSERT ON t TO PUBLIC; INSERT INTO t VALUES (1, 'old row')")
        self.addCleanup(self.sql, "DROP OWNED BY reader; DROP ROLE reader")
        before = self.described()
        self.well(self.numbers(10_000, row_group_size=500), "--parallel", 2, "--mode", "overwrite")
        self.assertEqual(self.column(), list(range(10_000)))
        self.assertEqual({row["more"] for row in self.rows()}, {5})
        self.assertEqual(self.described(), before)
        self.assertEqual(self.leftovers(), [])

    def described(self):
        return (self.sql("SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indrelid = 't'::regclass ORDER BY 1"),
                self.sql("SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 't'::regclass "
                         "ORDER BY 1"),
                self.sql("SELECT obj_description(oid), relowner, (SELECT array_agg(a::text ORDER BY a::text) FROM "
                         "unnest(relacl) a) FROM pg_class WHERE oid = 't'::regclass"))

    def test_a_table_that_is_there_is_not_added_to(self):
        rows = self.numbers(10)
        self.well(rows)
        done = self.load(rows, "--parallel", 2)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("--mode overwrite", done.stderr)
        self.assertEqual(self.column(), list(range(10)))

    def test_what_would_be_lost_with_the_old_table_is_named(self):
        rows = self.numbers(10)
        self.well(rows)
        self.sql("CREATE VIEW shown AS SELECT n FROM t")
        done = self.load(rows, "--parallel", 2, "--mode", "overwrite")
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("a view: shown", done.stderr)
        self.assertEqual(self.leftovers(), [])

    def test_a_store_without_it_says_so(self):
        done = self.load(self.numbers(10), "--parallel", 2, to=f"lmdb:{self.work}/x.lmdb")
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("leave --parallel out", done.stderr)
        done = self.load(self.numbers(10), "--parallel", 0)
        self.assertEqual(done.returncode, 2, done.stderr)

    def test_a_row_that_the_server_refuses_ends_all(self):
        self.sql("CREATE TABLE t (n bigint CHECK (n <> 7777), text text); INSERT INTO t VALUES (1, 'old')")
        done = self.load(self.numbers(10_000, row_group_size=500), "--parallel", 3, "--mode", "overwrite")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("row=7777", done.stderr)
        self.assertEqual(self.column(), [1])
        self.assertEqual(self.leftovers(), [])

    def test_what_a_killed_load_filled_aside_goes_with_the_next(self):
        rows = self.numbers(10_000, row_group_size=500)
        for point in ("postgresql.hidden.before", "postgresql.hidden.after", "postgresql.worker.before_commit",
                      "postgresql.worker.after_commit", "postgresql.commit.before", "postgresql.commit.after"):
            with self.subTest(point):
                table = point.replace(".", "_")
                done = self.load(rows, "--parallel", 2, table=table, fault=point)
                self.assertEqual(done.returncode, -9, done.stderr)
                self.until_the_server_has_noticed()
                committed = point == "postgresql.commit.after"
                self.assertEqual(self.column(table=table), list(range(10_000)) if committed else None)
                self.well(rows, "--parallel", 2, "--mode", "overwrite", table=table)
                self.assertEqual(self.column(table=table), list(range(10_000)))
                self.assertEqual(self.leftovers(), [])

    def until_the_server_has_noticed(self):
        deadline = time.monotonic() + 60
        while self.backends():
            self.assertLess(time.monotonic(), deadline, "the server still serves a dead process")
            time.sleep(0.02)


if __name__ == "__main__":
    unittest.main()
