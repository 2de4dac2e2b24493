"""The test servers themselves: they start, keep their data over a crash, speak TLS, and end with whoever started
them."""

import os
import pathlib
import signal
import subprocess
import sys
import time
import unittest

import psycopg2
import redis

from pgbouncer import PgBouncer
from postgresql import PostgreSQL
from redis_server import Redis

SERVICES = pathlib.Path(os.environ["AMPLOAD_SOURCE_DIR"]) / "tools" / "services"


def ask(uri, sql):
    connection = psycopg2.connect(uri)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else None
    finally:
        connection.close()


def runs(pid):
    """Not one that has ended and that nobody has asked for its status."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


class Services(unittest.TestCase):
    def test_a_crash_keeps_what_was_committed(self):
        with PostgreSQL() as server:
            ask(server.uri(), "CREATE TABLE t AS SELECT 7 AS n")
            server.crash()
            with self.assertRaises(psycopg2.OperationalError):
                ask(server.uri(), "SELECT 1")
            server.start()
            self.assertEqual(ask(server.uri(), "SELECT n FROM t"), [(7,)])
        self.assertFalse(server.folder.exists())

    def test_version_13(self):
        with PostgreSQL(13) as server:
            self.assertRegex(ask(server.uri(), "SHOW server_version")[0][0], r"^13\.")
        self.assertFalse(server.folder.exists())

    def test_settings_password_and_tls(self):
        with PostgreSQL(settings={"autovacuum": "off"}, tls_only=True, password="wo rt'") as server:
            verified = server.uri(sslmode="verify-full", sslrootcert=str(server.certificate_file))
            self.assertEqual(ask(verified, "SHOW autovacuum"), [("off",)])
            with self.assertRaisesRegex(psycopg2.OperationalError, "no encryption"):
                ask(server.uri(sslmode="disable"), "SELECT 1")
            with self.assertRaisesRegex(psycopg2.OperationalError, "password authentication failed"):
                ask(server.uri(password="another", sslmode="require"), "SELECT 1")

    def test_pgbouncer_gives_each_transaction_what_is_free(self):
        with PostgreSQL() as server, PgBouncer(server, pool_size=1) as pooler:
            idle = psycopg2.connect(pooler.uri())
            self.addCleanup(idle.close)
            with idle, idle.cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                process = cursor.fetchone()
            # It would wait for ever were the one connection still the idle client's.
            self.assertEqual(ask(pooler.uri(), "SELECT pg_backend_pid()"), [process])
            self.assertEqual(ask(pooler.uri("template1"), "SELECT current_database()"), [("template1",)])
        self.assertFalse(pooler._folder.exists())

    def test_redis_keeps_over_a_crash_what_its_file_has(self):
        with Redis(appendonly="always") as server:
            client = redis.from_url(server.uri(database=3), retry=None)
            client.set("k", "v")
            server.crash()
            with self.assertRaises(redis.ConnectionError):
                client.get("k")
            server.start()
            self.assertEqual(redis.from_url(server.uri(database=3)).get("k"), b"v")
            self.assertIn(b"v", server.append_only_file().read_bytes())
        self.assertFalse(server.folder.exists())
        self.assertFalse(runs(server.pid))

    def test_redis_without_a_file_forgets(self):
        with Redis() as server:
            redis.Redis(unix_socket_path=str(server.socket)).set("k", "v")
            server.crash()
            server.start()
            self.assertIsNone(redis.from_url(server.uri()).get("k"))

    def test_redis_users_and_tls(self):
        with Redis(password="wo rd", tls=True, acl={"reader": "on >look ~* +get"}) as server:
            trusted = {"ssl_ca_certs": str(server.certificate_file)}
            self.assertTrue(redis.from_url(server.uri(tls=True), **trusted).set("k", "v"))
            with self.assertRaises(redis.ConnectionError):
                redis.from_url(server.uri(tls=True), retry=None).get("k")  # nobody it trusts has signed
            reader = redis.from_url(server.uri(user="reader", password="look"))
            self.assertEqual(reader.get("k"), b"v")
            with self.assertRaises(redis.exceptions.NoPermissionError):
                reader.set("k", "w")
            with self.assertRaises(redis.AuthenticationError):
                redis.from_url(server.uri(password="another")).get("k")

    def test_a_redis_replica_and_one_that_stands_still(self):
        with Redis() as server, Redis(replica_of=server) as replica:
            redis.from_url(server.uri()).set("k", "v")
            copy = redis.from_url(replica.uri())
            end = time.monotonic() + 60
            while copy.get("k") is None and time.monotonic() < end:
                time.sleep(0.02)
            self.assertEqual(copy.get("k"), b"v")
            with self.assertRaises(redis.exceptions.ReadOnlyError):
                copy.set("k", "w")
            server.pause()
            with self.assertRaises(redis.TimeoutError):
                redis.from_url(server.uri(), socket_timeout=0.05, retry=None).get("k")
            server.resume()
            self.assertEqual(redis.from_url(server.uri()).get("k"), b"v")

    def test_a_command_is_run_with_the_environment(self):
        done = subprocess.run([SERVICES, "run", "postgresql", "--", "sh", "-c",
                               'psql -Atc "SELECT 40 + 2" "$AMPLOAD_TEST_POSTGRESQL_URI"; exit 9'],
                              capture_output=True, text=True)
        self.assertEqual((done.stdout, done.returncode), ("42\n", 9), done.stderr)
        done = subprocess.run([SERVICES, "run", "redis", "--", "sh", "-c",
                               'redis-cli -u "$AMPLOAD_TEST_REDIS_URI" incrby n 42'], capture_output=True, text=True)
        self.assertEqual((done.stdout, done.returncode), ("42\n", 0), done.stderr)

    def test_the_server_ends_with_a_process_that_is_killed(self):
        # The folder's name is printed by a process that then waits for ever.
        program = ("import sys; sys.path.insert(0, sys.argv[1]); from postgresql import PostgreSQL; s = PostgreSQL(); "
                   "print(s.folder, (s.data / 'postmaster.pid').read_text().split()[0], flush=True); sys.stdin.read()")
        with subprocess.Popen([sys.executable, "-c", program, pathlib.Path(__file__).parent], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True) as process:
            folder, server = process.stdout.readline().split()
            process.send_signal(signal.SIGKILL)
        end = time.monotonic() + 60
        while (pathlib.Path(folder).exists() or runs(server)) and time.monotonic() < end:
            time.sleep(0.02)
        self.assertFalse(pathlib.Path(folder).exists())
        self.assertFalse(runs(server))

    def test_words_that_mean_nothing_are_status_2(self):
        for words in ([], ["run"], ["run", "oracle"], ["run", "postgresql", "--"], ["walk", "postgresql"]):
            with self.subTest(words):
                self.assertEqual(subprocess.run([SERVICES, *words], capture_output=True).returncode, 2)


if __name__ == "__main__":
    unittest.main()
