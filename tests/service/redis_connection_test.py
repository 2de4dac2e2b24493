"""Servers that are hard to reach or go away: passwords, rights, TLS, sockets, databases; a connection that is lost
anywhere; a server that stands still; a client that an administrator kills."""

import os
import signal
import subprocess
import time
import unittest

import redis

from redis_case import RedisCase
from cutting_proxy import CuttingProxy  # found by the case's path

SECRET = "p%ss w/rd:@"
RIGHTS = "~* &* +@all -@dangerous +info +restore +client|id +client|setname +client|list +client|kill"


class Reaching(RedisCase):
    server_options = {"password": "se'cret w@rd", "acl": {"loader": f"on >another {RIGHTS}",
                                                          "reader": "on >look ~* +@read +@connection +info"}}

    def bare(self, **options):
        return f"redis://127.0.0.1:{self.server.port}/0" + ("?" + "&".join(f"{k}={v}" for k, v in options.items())
                                                            if options else "")

    def test_passwords(self):
        file = self.numbers(3)
        self.well(file)
        for to, texts in ((self.bare(), ("password",)), (self.to(password="not it"), ("password",)),
                          (self.to(user="nobody", password="not it"), ("password",)),
                          (self.to(user="loader", password="not it"), ("password",))):
            done = self.load(file, "-v", "--json", to=to)
            self.assert_said(done, 2, *texts)
            self.assertNotIn("not it", done.stdout + done.stderr)
            self.assertNotIn("not%20it", done.stdout + done.stderr)
        elsewhere = self.write("password", "se'cret w@rd\n")
        self.well(self.numbers(3, first=3), to=self.bare(password_file=elsewhere))
        self.assert_said(self.load(file, to=self.bare(password_file="/nowhere/it")), 2, "/nowhere/it")
        os.environ["REDIS_PASSWORD"] = "se'cret w@rd"
        try:
            self.well(self.numbers(3, first=6), to=self.bare())
        finally:
            del os.environ["REDIS_PASSWORD"]
        self.assertEqual(self.column(), list(range(9)))

    def test_the_password_is_never_said(self):
        for words in (("check",), ("inspect",), ("load", self.numbers(3), "--table", "t", "-vv", "--to")):
            done = self.command(*words, self.uri)
            said = done.stdout + done.stderr
            for form in ("se'cret", "se%27cret", "w@rd", "w%40rd"):
                self.assertNotIn(form, said)

    def test_users(self):
        file = self.numbers(3)
        self.well(file, to=self.to(user="loader", password="another"))
        done = self.load(self.numbers(3, first=3), to=self.to(user="reader", password="look"))
        self.assertIn(done.returncode, (1, 2), done.stderr)
        self.assertIn("NOPERM", done.stderr)
        self.assertNotIn("look", done.stderr)
        self.assertEqual(self.column(), [0, 1, 2])
        self.assertEqual(self.leftovers(), [])

    def test_check_tells_rights(self):
        done = self.command("check", self.to(user="reader", password="look"))
        self.assertNotEqual(done.returncode, 0, done.stdout + done.stderr)
        done = self.command("check", self.to(user="loader", password="another"))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("7.0", done.stdout + done.stderr)

    def test_a_predecessor_that_may_not_be_killed(self):
        """A load was killed and has left rows; who comes next may not end its connection."""
        self.client.acl_setuser("meek", enabled=True, passwords=["+meek"], keys=["*"], channels=["*"],
                                categories=["+@all"], commands=["-client|kill"])
        meek = self.to(user="meek", password="meek")
        self.well(self.numbers(5), "--key", "n", to=meek)
        # Alive, with an open connection, and stopped.
        held = self.stopped_at(self.start_load(self.numbers(20_000, "held.parquet", first=5), "--key", "n", to=meek,
                                               fault="redis.commit.before:1:stop"))
        done = self.load(self.numbers(3, "next.parquet", first=50_000), "--key", "n", to=meek)
        if done.returncode == 0:
            self.assertEqual(self.finish(held)[0] in (0, 4), True)
        else:
            self.assert_said(done, done.returncode, "table=t")
            self.finish(held)
        self.assertEqual(self.leftovers(), [])
        # Dead, and its connection is gone by itself.
        killed = self.start_load(self.numbers(20_000, "killed.parquet", first=100_000), "--key", "n", to=meek,
                                 fault="redis.commit.before:1")
        self.assertEqual(killed.wait(60), -signal.SIGKILL)
        self.wait_for(lambda: not self.clients(), "the server has seen that it is gone")
        self.well(self.numbers(3, "last.parquet", first=60_000), "--key", "n", to=meek)
        self.assertFalse([n for n in self.column() if n >= 100_000])
        self.assertEqual(self.leftovers(), [])

    def test_databases(self):
        for number in (0, 3, 15):
            self.well(self.numbers(number + 1), to=self.to(database=number))
            self.assertEqual(len(self.connect(db=number).keys("t:*")), number + 1)
        self.assert_said(self.load(self.numbers(1), to=self.to(database=16)), 2, "16", "database")
        self.assert_said(self.load(self.numbers(1), to=self.to(database="x")), 2, "x")

    def test_a_unix_socket(self):
        to = self.server.socket_uri(database=2, password=self.server.password)
        self.well(self.numbers(7), to=to)
        self.assertEqual(len(self.connect(db=2).keys("t:*")), 7)
        self.assert_said(self.load(self.numbers(1), to="unix:///nowhere/socket"), 1, "/nowhere/socket")

    def test_nobody_is_there(self):
        from processes import free_port
        port = free_port()
        self.assert_said(self.load(self.numbers(1), to=f"redis://127.0.0.1:{port}"), 1, "127.0.0.1", str(port))
        self.assert_said(self.load(self.numbers(1), to="redis://no.such.host.invalid"), 2, "no.such.host.invalid")

    def test_something_else_is_there(self):
        amp = self.serve("--blocks", 1)
        done = self.load(self.numbers(1), to=f"redis://127.0.0.1:{amp.port}?reply_timeout=2s")
        self.assertIn(done.returncode, (1, 2), done.stderr)
        self.assertIn(str(amp.port), done.stderr)


class Encrypted(RedisCase):
    server_options = {"tls": True}

    def test_a_server_that_is_trusted(self):
        to = self.to(tls=True, tls_ca=self.server.certificate_file)
        self.well(self.numbers(3000), to=to)
        self.assertEqual(self.column(), list(range(3000)))
        self.well(self.numbers(3000, first=3000), to=to.replace("127.0.0.1", "localhost"))
        self.assertIn("7.0", self.command("check", to).stdout)

    def test_one_that_is_not(self):
        file = self.numbers(3)
        self.assert_said(self.load(file, to=self.to(tls=True)), 2, "tls_ca")
        self.assert_said(self.load(file, to=self.to(tls=True, tls_ca="/etc/hostname")), 2, "/etc/hostname")
        self.assert_said(self.load(file, to=self.to(tls=True, tls_ca="/nowhere/ca")), 2, "/nowhere/ca")
        self.well(file, to=self.to(tls=True, tls_verify="none"))

    def test_a_name_that_the_certificate_has_not(self):
        to = self.to(tls=True, tls_ca=self.server.certificate_file).replace("127.0.0.1", "127.0.0.2")
        done = self.load(self.numbers(3), to=to)  # bound to 127.0.0.1 alone: nobody is there
        self.assertNotEqual(done.returncode, 0)

    def test_plain_words_to_a_port_that_speaks_tls_and_the_other_way_round(self):
        file = self.numbers(3)
        plain = f"redis://127.0.0.1:{self.server.tls_port}?reply_timeout=5s"
        done = self.load(file, to=plain)
        self.assertIn(done.returncode, (1, 2), done.stderr)
        self.assertRegex(done.stderr, "(?i)tls|rediss")
        crypted = f"rediss://127.0.0.1:{self.server.port}?tls_ca={self.server.certificate_file}&reply_timeout=5s"
        done = self.load(file, to=crypted)
        self.assertIn(done.returncode, (1, 2), done.stderr)
        self.assertRegex(done.stderr, "(?i)tls|redis://")


class Lost(RedisCase):
    """A connection that is cut after so many bytes, of either way. The table is right or as it was, and what the command
    says of it is true; the next load finds its way."""

    def sent_by(self, *words, to):
        """How many bytes go up and down in a load that nobody disturbs."""
        with CuttingProxy(self.server.port) as proxy:
            self.well(*words, to=to(proxy.port))
            return proxy.sent

    def cut_everywhere(self, structure, *words, cuts, before=0, rows=1500, **options):
        def to(port):
            return self.server.uri(port=port, structure=structure, reply_timeout="10s", **options)

        first, second = self.numbers(max(before, 1), "before.parquet"), self.numbers(rows, "rows.parquet", first=before)

        def prepare():
            self.client.flushall()
            self.client.set("t_foreign", "x")
            if before:
                self.well(first, *(word for word in words if word != "overwrite" and word != "--mode"),
                          to=to(self.server.port))
            return self.everything(own=False), sorted(self.column() or [])

        prepare()
        sent = self.sent_by(second, *words, to=to)
        done_column = self.column()
        outcomes = {"failed": 0, "done": 0}
        for way in ("up", "down"):
            for place in range(cuts):
                limit = sent[way] * (2 * place + 1) // (2 * cuts)
                with self.subTest(way=way, limit=limit), CuttingProxy(self.server.port) as proxy:
                    old, old_column = prepare()
                    setattr(proxy, f"cut_{way}", limit)
                    done = self.load(second, *words, to=to(proxy.port))
                    found = self.column() or []
                    if done.returncode == 0:
                        outcomes["done"] += 1
                        self.assertEqual(found, done_column)
                    else:
                        outcomes["failed"] += 1
                        self.assertEqual(proxy.cuts, 1)
                        self.assert_said(done, 1, "127.0.0.1")
                    # Whoever comes next finds either the old rows or the new ones, whole.
                    self.well(self.numbers(1, "none.parquet", first=10_000_000), *(
                        word for word in words if word not in ("--mode", "overwrite")), to=to(self.server.port))
                    after = [n for n in self.column() if n != 10_000_000]
                    self.assertIn(after, (old_column, done_column), done.stderr)
                    if done.returncode == 0:
                        self.assertEqual(after, done_column)
                    elif "did not take effect" in done.stderr or "nothing was" in done.stderr:
                        self.assertEqual(after, old_column, done.stderr)
                    self.assertEqual(self.leftovers(), [])
                    self.assertEqual(self.client.get("t_foreign"), b"x")
        print(structure, words, outcomes)
        self.assertGreater(outcomes["failed"] + outcomes["done"], cuts)

    def test_a_load_of_hashes(self):
        self.cut_everywhere("hash", "--key", "n", cuts=25)

    def test_a_load_behind_rows(self):
        self.cut_everywhere("hash", "--key", "n", cuts=15, before=700)

    def test_a_load_of_strings(self):
        self.cut_everywhere("string", cuts=15, before=300)

    def test_a_load_of_one_key(self):
        for structure in ("stream", "list", "set"):
            self.cut_everywhere(structure, cuts=10, before=300)

    def test_an_overwrite(self):
        for structure in ("hash", "stream"):
            self.cut_everywhere(structure, "--mode", "overwrite", cuts=15, before=800)

    def test_an_upsert(self):
        to = lambda port: self.server.uri(port=port, reply_timeout="10s")
        old, new = self.numbers(1000, "old.parquet", text="old"), self.numbers(1000, "new.parquet", first=500, text="new")
        words = ("--mode", "upsert", "--key", "n")

        def texts():
            return {row["n"]: row["text"][:3] for row in self.rows()}

        self.well(old, *words)
        sent = self.sent_by(new, *words, to=to)
        before, after = {n: "old" for n in range(1000)}, {n: "old" if n < 500 else "new" for n in range(1500)}
        self.assertEqual(texts(), after)
        for way in ("up", "down"):
            for place in range(15):
                limit = sent[way] * (2 * place + 1) // 30
                with self.subTest(way=way, limit=limit), CuttingProxy(self.server.port) as proxy:
                    self.client.flushall()
                    self.well(old, *words)
                    setattr(proxy, f"cut_{way}", limit)
                    done = self.load(new, *words, to=to(proxy.port))
                    self.well(self.numbers(0, "none.parquet"))
                    self.assertIn(texts(), (before, after), done.stderr)
                    if done.returncode == 0:
                        self.assertEqual(texts(), after)
                    self.assertEqual(self.leftovers(), [])

    def test_a_stream_goes_on_wherever_it_is_cut(self):
        script = "wait-sent 59; reorg 5 9; wait-sent 63; reorg 30 31; wait-sent 64; mine 30"
        words = ("--until", 94, "--commit-rows", 1)
        for structure in ("hash", "stream"):
            self.client.flushall()
            amp = self.serve("--blocks", 60, "--script", script, "--max-blocks", 7)
            with CuttingProxy(self.server.port) as proxy:
                self.streamed(amp, *words, to=self.server.uri(port=proxy.port, structure=structure))
                sent = proxy.sent
            amp.end()
            for way in ("up", "down"):
                for place in range(12):
                    limit = sent[way] * (2 * place + 1) // 24
                    self.client.flushall()
                    amp = self.serve("--blocks", 60, "--script", script, "--max-blocks", 7)
                    with self.subTest(structure=structure, way=way, limit=limit), \
                            CuttingProxy(self.server.port) as proxy:
                        setattr(proxy, f"cut_{way}", limit)
                        self.streamed(amp, *words, to=self.server.uri(port=proxy.port, structure=structure))
                        self.assertEqual(proxy.cuts, 1)
                        self.assert_canonical(amp)
                        self.assertEqual(self.leftovers(), [])
                    amp.end()


class GoingAway(RedisCase):
    def test_a_server_that_says_nothing(self):
        process = self.stopped_at(self.start_load(self.numbers(20_000), to=self.to(reply_timeout="500ms"),
                                                  fault="redis.commit.before:1:stop"))
        self.server.pause()
        try:
            status, result, err = self.finish(process)
        finally:
            self.server.resume()
        self.assertEqual((status, result["success"]), (1, False), err)
        self.assertIn("reply_timeout", err)
        self.well(self.numbers(3))
        self.assertIn(self.column(), ([0, 1, 2], sorted([0, 1, 2, *range(20_000)])))
        self.assertEqual(self.leftovers(), [])

    def test_a_connection_that_an_administrator_kills(self):
        for point in ("rows.before:1", "commit.before:1", "commit.after:1"):
            with self.subTest(point):
                self.client.flushall()
                process = self.start_load(self.numbers(20_000), fault=f"redis.{point}:stop")
                if not self.has_stopped(process):
                    self.fail(f"no such point: redis.{point}")
                for number in self.clients():
                    self.client.client_kill_filter(_id=number)
                status, result, err = self.finish(process)
                if status == 0:
                    self.assertEqual(self.column(), list(range(20_000)), err)
                else:
                    self.assertEqual(status, 1, err)
                self.well(self.numbers(3, first=1_000_000))
                self.assertIn(self.column(), ([1_000_000, 1_000_001, 1_000_002],
                                              [*range(20_000), 1_000_000, 1_000_001, 1_000_002]))
                self.assertEqual(len(self.column()) > 3, status == 0)
                self.assertEqual(self.leftovers(), [])

    def test_a_signal_stops_it_and_nothing_stays(self):
        process = self.stopped_at(self.start_load(self.numbers(20_000), fault="redis.commit.before:1:stop"))
        process.send_signal(signal.SIGTERM)
        status, _, err = self.finish(process)
        if status == 0:  # it came too late
            self.assertEqual(self.column(), list(range(20_000)))
        else:
            self.assertEqual(self.rows() or [], [], err)
        self.assertEqual(self.leftovers(), [])

    def test_a_killed_load_is_taken_back_by_the_next(self):
        for structure in ("hash", "string", "stream", "set", "list"):
            for fault in ("redis.commit.before:1", "redis.commit.after:1"):
                with self.subTest(structure=structure, fault=fault):
                    self.client.flushall()
                    to = self.to(structure=structure)
                    self.well(self.numbers(10), to=to)
                    process = self.start_load(self.numbers(20_000, "killed.parquet", first=10), to=to, fault=fault)
                    self.assertEqual(process.wait(60), -signal.SIGKILL)
                    self.well(self.numbers(1, "next.parquet", first=100_000), to=to)
                    last = 10 if "before" in fault else 20_010
                    self.assertEqual(self.column(), [*range(last), 100_000])
                    self.assertEqual(self.leftovers(), [])

    def test_a_server_that_forgot_its_data_between_two_steps(self):
        """No file, so a crash forgets all: what is said of the load is true of the empty server."""
        for point in ("open_load.after:1", "rows.before:1", "rows.after:1", "commit.before:1"):
            with self.subTest(point):
                process = self.start_load(self.numbers(20_000), fault=f"redis.{point}:stop")
                if not self.has_stopped(process):
                    self.fail(f"no such point: redis.{point}")
                self.server.crash()
                self.server.start()
                self.client = self.connect()
                status, result, err = self.finish(process)
                self.assertEqual((status, result["success"]), (1, False), err)
                self.assertEqual(self.rows() or [], [])
                self.assertEqual(self.leftovers(), [])


if __name__ == "__main__":
    unittest.main()
