"""Servers that are hard to reach or go away: passwords, TLS, a missing database, PgBouncer, a server that is down at the
start, in the middle and at the commit."""

import json
import os
import signal
import subprocess
import time
import unittest

from command import AMPLOAD, environment_of
from postgresql_case import PostgreSQLCase, kill
from pgbouncer import PgBouncer  # found by the case's path

SMALL_STEPS = "flush_bytes=64KiB"


class Reaching(PostgreSQLCase):
    server_options = {"tls_only": True, "password": "se'cret w@rd"}

    def test_passwords(self):
        file = self.file(n=[1])
        self.well(file)
        for wrong in ("another", ""):
            done = self.load(file, to=self.server.uri(self.database, password=wrong))
            self.assert_said(done, 2, "password")
        self.assertNotIn("another", done.stderr)
        elsewhere = self.write("password", "se'cret w@rd\n")
        bare = f"postgresql://postgres@127.0.0.1:{self.server.port}/{self.database}"
        self.well(file, to=f"{bare}?password_file={elsewhere}")
        self.assertEqual(self.column(), [1, 1])

    def test_secrets_are_not_said(self):
        done = self.load(self.file(n=[1]), "-v", "--json")
        self.assertEqual(done.returncode, 0)
        for said in (done.stdout, done.stderr):
            self.assertNotIn("cret w", said)

    def test_tls(self):
        file = self.file(n=[1])
        self.assert_said(self.load(file, to=self.server.uri(self.database, sslmode="disable")), 2, "no encryption")
        verified = {"sslmode": "verify-full", "sslrootcert": str(self.server.certificate_file)}
        self.well(file, to=self.server.uri(self.database, **verified))
        other = self.write("other.crt", "no certificate")
        done = self.load(file, to=self.server.uri(self.database, sslmode="verify-full", sslrootcert=str(other)))
        self.assert_said(done, 2, "sslrootcert")

    def test_a_missing_database(self):
        self.assert_said(self.load(self.file(n=[1]), to=self.server.uri("nowhere")), 2, "nowhere")

    def test_the_environment_of_libpq(self):
        file = self.file(n=[1, 2])
        variables = {"PGHOST": "127.0.0.1", "PGPORT": str(self.server.port), "PGUSER": "postgres",
                     "PGPASSWORD": self.server.password, "PGDATABASE": self.database}
        before = dict(os.environ)
        os.environ.update(variables)
        try:
            self.well(file, to="postgresql:")
        finally:
            os.environ.clear()
            os.environ.update(before)
        self.assertEqual(self.column(), [1, 2])

    def test_check_tells_version_and_rights(self):
        done = self.command("check", self.uri)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("15.", done.stdout + done.stderr)


class Pooled(PostgreSQLCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.pooler = PgBouncer(cls.server, pool_size=3)
        cls.addClassCleanup(cls.pooler.end)

    def test_every_mode_goes_through_a_pooler_in_transaction_mode(self):
        pooled = self.pooler.uri(self.database)
        file = self.numbers(20_000)
        self.well(file, to=f"{pooled}?{SMALL_STEPS}")
        self.well(file, "--mode", "overwrite", to=pooled)
        for _ in range(2):
            self.well(file, "--mode", "upsert", "--key", "n", to=pooled, table="u")
            self.well(self.numbers(5, "m.parquet"), "--mode", "merge", "--key", "n", to=pooled, table="u")
        for table in ("t", "u"):
            self.assertEqual(self.column(table=table), list(range(20_000)), table)
        self.assertEqual(self.leftovers(), [])

    def test_a_stream_with_reorganisations(self):
        server = self.serve("--blocks", 60, "--script", "wait-sent 59; reorg 30 35; wait-sent 64; reorg 3 9; mine 20")
        self.streamed(server, "--until", 90, "--commit-rows", 1, to=self.pooler.uri(self.database))
        self.assert_canonical(server)

    def test_a_stuck_predecessor_behind_a_pooler_is_fenced(self):
        server = self.serve("--blocks", 60)
        pooled = self.pooler.uri(self.database)
        first = self.start(server, "--until", 59, "--commit-rows", 1, to=pooled, fault="postgresql.copy.start:2:stop")
        self.stopped_at(first)
        self.streamed(server, "--until", 59, to=pooled)
        self.goes_on(first)
        self.assertEqual(self.ended(first), 4, self.said(first))
        self.assert_canonical(server)


class GoingAway(PostgreSQLCase):
    def setUp(self):
        super().setUp()
        self.steps = f"{self.uri}?{SMALL_STEPS}"

    def started(self, *words, fault):
        """A load that has stopped itself at its fault point."""
        return self.stopped_at(self.start_load(*words, fault=fault))

    def start_load(self, *words, fault, table="t"):
        process = subprocess.Popen([AMPLOAD, "load", *map(str, words), "--to", self.steps, "--table", table, "--json"],
                                   cwd=self.work, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True, env=environment_of(fault))
        self.addCleanup(self.kill, process)
        return process

    def finish(self, process):
        self.goes_on(process)
        out, err = process.communicate(timeout=120)
        return process.returncode, json.loads(out) if out.strip() else None, err

    def test_overwrites_at_once_leave_the_rows_of_one(self):
        self.sql("CREATE TABLE t (n bigint NOT NULL)")
        first = self.started(self.numbers(10), "--mode", "overwrite", "--columns", "n", fault="postgresql.commit.before:1:stop")
        second = self.start_load(self.numbers(10, "more.parquet"), "--mode", "overwrite", "--columns", "n", fault=None)
        time.sleep(0.5)  # in which it must not commit
        self.assertIsNone(second.poll())
        self.goes_on(first)
        for process in (first, second):
            said = process.communicate(timeout=60)
            self.assertEqual(process.returncode, 0, said)
        self.assertEqual(self.column(), list(range(10)))

    def test_down_at_the_start(self):
        file = self.file(n=[1])
        self.server.stop()
        try:
            done = self.load(file)
        finally:
            self.server.start()
        self.assert_said(done, 1, "127.0.0.1", str(self.server.port))
        self.assertFalse(self.exists())

    def test_down_in_the_middle_leaves_nothing(self):
        file = self.numbers(20_000)
        for end_server in (self.server.stop, self.server.crash):
            for fault in ("postgresql.copy.start:1:stop", "postgresql.copy.send:2:stop", "postgresql.copy.end:1:stop"):
                with self.subTest(fault=fault, end=end_server.__name__):
                    process = self.started(file, fault=fault)
                    end_server()
                    self.server.start()
                    status, result, err = self.finish(process)
                    self.assertEqual(status, 1, err)
                    self.assertFalse(result["success"])
                    self.assertIn("ampload: error: ", err)
                    self.assertIn("public.t", err)
                    self.assertFalse(self.exists())

    def test_down_at_the_commit_is_told_right(self):
        """Whatever it says afterwards is true."""
        file = self.numbers(20_000)
        for fault, committed in {"postgresql.commit.before:1:stop": False, "postgresql.commit.after:1:stop": True}.items():
            with self.subTest(fault=fault):
                self.sql("DROP TABLE IF EXISTS t")
                process = self.started(file, fault=fault)
                self.server.crash()
                self.server.start()
                status, result, err = self.finish(process)
                found = self.column()
                if status == 0:
                    self.assertEqual(result["rows_loaded"], 20_000)
                    self.assertEqual(found, list(range(20_000)))
                else:
                    self.assertEqual(status, 1, err)
                    self.assertIn("did not take effect", err)
                    self.assertIn("table=t", err)
                    self.assertEqual(found or [], [], err)
                self.assertEqual(status == 0, committed, err)

    def test_an_id_that_another_transaction_was_given_after_the_crash_proves_nothing(self):
        self.sql("CREATE TABLE t (n bigint, text text)")
        process = self.started(self.numbers(10), fault="postgresql.commit.before:1:stop")
        self.server.crash()
        self.server.start()
        for _ in range(20):
            self.sql("SELECT pg_current_xact_id()")
        status, result, err = self.finish(process)
        self.assertEqual((status, result["success"], self.column()), (1, False, []), err)
        self.assertIn("public.t", err)

    def test_a_backend_that_is_ended_by_an_administrator(self):
        process = self.started(self.numbers(20_000), fault="postgresql.copy.send:2:stop")
        self.sql("SELECT pg_terminate_backend(pid) FROM unnest(%s) AS pid", self.backends())
        status, _, err = self.finish(process)
        self.assertEqual(status, 1, err)
        self.assertIn("public.t", err)
        self.assertFalse(self.exists())

    def test_a_signal_stops_it_and_nothing_stays(self):
        process = self.started(self.numbers(20_000), fault="postgresql.copy.send:2:stop")
        process.send_signal(signal.SIGTERM)
        status, _, err = self.finish(process)
        self.assertNotEqual(status, 0, err)
        self.assertFalse(self.exists())
        self.assertEqual(self.leftovers(), [])

    def test_a_killed_load_leaves_nothing(self):
        process = self.started(self.numbers(20_000), fault="postgresql.commit.before:1:stop")
        kill(process.pid)
        process.wait()
        self.wait_for(lambda: not self.backends(), "the server has seen that it is gone")
        self.assertFalse(self.exists())
        self.assertEqual(self.leftovers(), [])


if __name__ == "__main__":
    unittest.main()
