"""Every case of core, types and streaming on every built-in loader; what is skipped is what was agreed on."""

import os
import sys
import tempfile
import unittest

from conformance import SOURCE, committed_skips, run

sys.path.insert(0, str(SOURCE / "tests" / "services"))

import redis

from moto_server import Moto
from postgresql import PostgreSQL
from redis_server import Redis

LONG = os.environ.get("LONG", "") not in ("", "0")
WIDENING = "&properties=delta.enableTypeWidening=true"  # columns of Delta tables may grow
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

    def test_redis(self):
        self.check_redis("hash", "core,types,streaming")

    def check_redis(self, structure, suites, *more):
        options = [word for one in (f"structure={structure}", *more) for word in ("--option", one)]
        outcome = run("--loader", "redis", "--suite", suites, *options)
        self.assertEqual(outcome.failed, {}, outcome.text)
        self.assertEqual(outcome.status, 0, outcome.text)
        self.assertGreater(len(outcome.passed), 70, outcome.text)
        skipped = {name: why for name, why in committed_skips("redis" if structure == "hash" else f"redis-{structure}").items()
                   if name.split(".")[0] in suites.split(",")}
        self.assertEqual(outcome.skipped, skipped)
        print(f"redis, {structure}:", outcome.summary())

    def test_redis_strings(self):
        for value_format in ("json", "msgpack"):
            self.check_redis("string", "core,types,streaming", f"value_format={value_format}")

    def test_redis_streams(self):
        self.check_redis("stream", "core,types,streaming")

    def test_redis_sets_and_lists(self):
        self.check_redis("set", "core,types,streaming")
        self.check_redis("sorted_set", "core,types,streaming", "score=id")
        self.check_redis("list", "core,types,streaming")

    def test_redis_leaves_nothing_behind(self):
        with Redis() as server:
            client = redis.Redis(unix_socket_path=str(server.socket))
            for options in ("", "structure=stream", "structure=list"):
                run("--loader", "redis", "--suite", "core,streaming", "--filter", r"Mode|Names|TwoLoads|Reorg[DO]|Upsert",
                    AMPLOAD_TEST_REDIS_URI=server.uri() + f"?{options}")
                names = [key for key in client.scan_iter(count=1000) if not key.startswith(b"__ampload__:")]
                self.assertEqual([name for name in names if not name.startswith(b"scenario_")], [])

    def test_deltalake(self):
        outcome = run("--loader", "deltalake", "--suite", "core,types,streaming")
        self.check(outcome)
        self.assertEqual(outcome.skipped, {name: why for name, why in committed_skips("deltalake").items()
                                           if not name.startswith("crash.")})
        print("deltalake:", outcome.summary())

    def test_deltalake_in_small_files(self):
        with tempfile.TemporaryDirectory() as folder:
            uri = f"delta:{folder}?durability=process&target_file_size=1KiB&row_group_rows=3&checkpoint_interval=1{WIDENING}"
            self.check(run("--loader", "deltalake", "--suite", "core,types,streaming", AMPLOAD_TEST_DELTALAKE_URI=uri))

    def test_deltalake_on_s3(self):
        with Moto() as server:
            # A type is stored in the same way wherever the table lies.
            outcome = run("--loader", "deltalake", "--suite", "core,types,streaming" if LONG else "core,streaming",
                          **server.variables(), AMPLOAD_TEST_DELTALAKE_URI=server.uri() + WIDENING)
            self.assertEqual((outcome.failed, outcome.status), ({}, 0), outcome.text)
            self.assertGreater(len(outcome.passed), 45, outcome.text)
            print("deltalake on S3:", outcome.summary())

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
