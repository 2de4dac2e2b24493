"""Every case of core, types and streaming on every built-in loader; what is skipped is what was agreed on."""

import sys
import tempfile
import unittest

from conformance import SOURCE, committed_skips, run

sys.path.insert(0, str(SOURCE / "tests" / "services"))

from postgresql import PostgreSQL

FORMATS = ("msgpack", "json", "arrow_ipc")


class Suites(unittest.TestCase):
    def check(self, outcome):
        self.assertEqual(outcome.failed, {}, outcome.text)
        self.assertEqual(outcome.status, 0, outcome.text)
        self.assertGreater(len(outcome.passed), 80, outcome.text)

    def test_lmdb(self):
        outcome = run("--loader", "lmdb", "--suite", "core,types,streaming")
        self.check(outcome)
        self.assertEqual(outcome.skipped, committed_skips("lmdb"))
        print("lmdb:", outcome.summary())

    def test_postgresql(self):
        outcome = run("--loader", "postgresql", "--suite", "core,types,streaming")
        self.check(outcome)
        self.assertEqual(outcome.skipped, committed_skips("postgresql"))
        print("postgresql:", outcome.summary())

    def test_postgresql_in_small_steps_on_a_server_that_is_there(self):
        with PostgreSQL() as server:
            self.check(run("--loader", "postgresql", "--suite", "core,types,streaming",
                           AMPLOAD_TEST_POSTGRESQL_URI=server.uri(flush_bytes="64")))

    def test_postgresql_13(self):
        with PostgreSQL(13) as server:
            outcome = run("--loader", "postgresql", "--suite", "core,types,streaming",
                          AMPLOAD_TEST_POSTGRESQL_URI=server.uri())
            self.check(outcome)
            print("postgresql 13:", outcome.summary())

    def test_lmdb_in_every_value_format(self):
        for value_format in FORMATS:
            with self.subTest(value_format), tempfile.TemporaryDirectory() as folder:
                uri = f"lmdb:{folder}/env?value_format={value_format}&sync=none"
                outcome = run("--loader", "lmdb", "--suite", "core,types,streaming", AMPLOAD_TEST_LMDB_URI=uri)
                self.check(outcome)

    def test_lmdb_in_small_steps(self):
        with tempfile.TemporaryDirectory() as folder:
            uri = f"lmdb:{folder}/env?step_bytes=4KiB&map_size=1MiB&sync=none"
            self.check(run("--loader", "lmdb", "--suite", "core,types,streaming", AMPLOAD_TEST_LMDB_URI=uri))


if __name__ == "__main__":
    unittest.main()
