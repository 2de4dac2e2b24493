"""The other side dies: the server's process that serves a stream, the whole server in the middle of a commit; or a
predecessor stands still and holds what it holds. Each row is there once in the end, and nobody waits for ever."""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "service"))

from postgresql_case import PostgreSQLCase, kill

POINTS = ("fence.before", "fence.after", "copy.start", "copy.send", "copy.end", "cas.before", "cas.after",
          "commit.before", "commit.after", "undo.before", "undo.after")
SCRIPT = "wait-sent 59; reorg 5 9; wait-sent 63; reorg 30 31; wait-sent 64; mine 30"
HEAD = 94


class TheServerDies(PostgreSQLCase):
    def setUp(self):
        super().setUp()
        self.amp = self.serve("--blocks", 60, "--script", SCRIPT, "--max-blocks", 7)

    def stream_through(self, harm, mode=(), passings=(1, 2)):
        """A stream for each point, stopped there while the harm is done, then on its way again: by itself, or by the
        next start."""
        went_on = 0
        for number, point in enumerate(POINTS):
            for passing in passings:
                with self.subTest(point=point, passing=passing):
                    table = f"t{number}_{passing}"
                    words = ("--until", HEAD, "--commit-rows", 1, "--table", table, "--pipeline", "p", *mode)
                    amp = self.serve("--blocks", 60, "--script", SCRIPT, "--max-blocks", 7)
                    process = self.start(amp, *words, fault=f"postgresql.{point}:{passing}:stop")
                    if not self.has_stopped(process):
                        self.assertEqual(self.ended(process), 0, self.said(process))  # it passes there but once
                        self.assertEqual(passing, 2)
                        continue
                    harm()
                    self.goes_on(process)
                    status = self.ended(process)
                    if status == 0:
                        went_on += 1
                    else:
                        self.assertEqual(status, 1, self.said(process))
                        self.streamed(amp, *words)
                    self.check(amp, table)
                    amp.end()
        print(f"{went_on} streams went on by themselves")
        self.assertGreater(went_on, 0)

    def check(self, amp, table):
        self.assert_canonical(amp, table)
        self.assertEqual(self.leftovers(), [])

    def test_a_backend_is_killed(self):
        def harm():
            kill(self.backends()[0])
            # The server ends all the others and starts anew.
            self.wait_for(self.is_up, "the server is up")
        self.stream_through(harm)

    def test_the_server_crashes(self):
        def harm():
            self.server.crash()
            self.server.start()
        self.stream_through(harm)

    def test_the_server_crashes_under_an_upsert(self):
        def harm():
            self.server.crash()
            self.server.start()
        self.check = lambda amp, table: self.assert_newest(amp, table)
        self.stream_through(harm, ("--mode", "upsert", "--key", "log_index"), passings=(2,))

    def is_up(self):
        import psycopg2
        try:
            return self.sql("SELECT 1") and not self.backends()
        except psycopg2.OperationalError:
            return None


class APredecessorStandsStill(PostgreSQLCase):
    def setUp(self):
        super().setUp()
        self.amp = self.serve("--blocks", 60, "--max-blocks", 7)
        self.more = ("--until", 59, "--commit-rows", 1, "--pipeline", "p")

    def stuck(self, point, **how):
        process = self.start(self.amp, *self.more, fault=f"postgresql.{point}:stop", **how)
        return self.stopped_at(process)

    def test_it_is_ended_and_fenced(self):
        for point in ("copy.start:2", "copy.send:2", "copy.end:2", "cas.before:2", "cas.after:2", "commit.before:2"):
            with self.subTest(point=point):
                self.sql("DROP TABLE IF EXISTS logs, ampload_checkpoints")
                first = self.stuck(point)
                self.streamed(self.amp, *self.more)
                self.assert_canonical(self.amp)
                self.goes_on(first)
                self.assertEqual(self.ended(first), 4, self.said(first))
                self.assert_canonical(self.amp)
                self.assertEqual(self.leftovers(), [])

    def test_its_commit_that_was_sent_counts(self):
        first = self.stuck("commit.after:2")
        self.streamed(self.amp, *self.more)
        self.goes_on(first)
        self.assertEqual(self.ended(first), 4, self.said(first))
        self.assert_canonical(self.amp)

    def test_one_that_may_not_be_ended_is_waited_for(self):
        self.sql("CREATE ROLE owner LOGIN")
        self.sql("CREATE ROLE other LOGIN")
        self.sql(f"GRANT ALL ON DATABASE {self.database} TO owner, other")
        self.sql("GRANT ALL ON SCHEMA public TO owner, other")
        owner, other = (self.server.uri(self.database, user=name) for name in ("owner", "other"))
        first = self.stuck("cas.after:2", to=owner)
        self.sql("GRANT ALL ON ALL TABLES IN SCHEMA public TO other")
        (backend,), = self.sql("SELECT pid FROM pg_stat_activity WHERE state = 'idle in transaction' AND datname = %s",
                               self.database)
        second = self.start(self.amp, *self.more, to=f"{other}?lock_timeout=300ms")
        self.wait_for(lambda: "locked by other sessions" in self.said(second) or str(backend) in self.said(second),
                      "it says what is in the way")
        # It goes on trying; once the first lets go, it takes over.
        self.goes_on(first)
        ends = sorted([self.ended(first), self.ended(second)])
        self.assertIn(ends, ([0, 0], [0, 4]), self.said(first) + self.said(second))
        self.assert_canonical(self.amp)

    def test_an_idle_transaction_is_ended_by_the_server(self):
        first = self.stuck("cas.after:2", to=f"{self.uri}?idle_timeout=500ms")
        self.wait_for(lambda: not self.leftovers(), "the server has ended the transaction")
        self.goes_on(first)
        self.assertEqual(self.ended(first), 0, self.said(first))
        self.assert_canonical(self.amp)


if __name__ == "__main__":
    unittest.main()
