"""Tables in Redis as a user makes, looks at and replaces them: what lies under which key, expiry, chosen fields, keys that
are somebody else's, overwrites that are killed."""

import json
import random
import signal
import time
import unittest

import pyarrow as pa

from redis_case import RedisCase

SEED = random.SystemRandom().randrange(1 << 30)
HOUR = 3_600_000


class Tables(RedisCase):
    def test_what_lies_under_which_key(self):
        file = self.file(a=[7, 8], b=["x", None], c=[b"\0\xff", b""])
        self.well(file, "--key", "a", table="h")
        self.assertEqual(self.client.hgetall("h:7"), {b"a": b"7", b"b": b"x", b"c": b"\0\xff"})
        self.assertEqual(self.client.hgetall("h:8"), {b"a": b"8", b"c": b""})
        self.well(file, table="n")
        self.assertEqual(self.row_keys("n"), [b"n:0", b"n:1"])
        self.well(file, table="n")
        self.assertEqual(self.row_keys("n"), [b"n:0", b"n:1", b"n:2", b"n:3"])
        self.well(file, "--key", "a", to=self.to(structure="string"), table="s")
        self.assertEqual(json.loads(self.client.get("s:7")), {"a": 7, "b": "x", "c": "0x00ff"})
        self.well(file, to=self.to(structure="stream"), table="x")
        entries = self.client.xrange("x")
        self.assertEqual([fields for _, fields in entries], [{b"a": b"7", b"b": b"x", b"c": b"\0\xff"},
                                                             {b"a": b"8", b"c": b""}])
        self.well(file, to=self.to(structure="set"), table="e")
        self.assertEqual(sorted(json.loads(row)["a"] for row in self.client.smembers("e")), [7, 8])
        self.well(file, to=self.to(structure="sorted_set", score="a"), table="z")
        self.assertEqual([(json.loads(row)["a"], score) for row, score in self.client.zrange("z", 0, -1, withscores=True)],
                         [(7, 7.0), (8, 8.0)])
        self.well(file, to=self.to(structure="list"), table="l")
        self.assertEqual([json.loads(row)["a"] for row in self.client.lrange("l", 0, -1)], [7, 8])
        self.assertEqual(self.leftovers(), [])

    def test_a_chosen_part_of_the_columns(self):
        columns = pa.schema([("a", pa.int64()), pa.field("b", pa.string(), False), ("c", pa.binary())])
        file = self.parquet(pa.table([[1, 2], ["x", "y"], [b"\0\xff", b"z"]], schema=columns), "rows.parquet")
        to = self.to(fields="b,c", binary="hex")
        self.well(file, "--key", "a", to=to)
        self.assertEqual(self.client.hgetall("t:1"), {b"b": b"x", b"c": b"0x00ff"})
        self.assertEqual(self.rows(), [{"b": "x", "c": b"\0\xff"}, {"b": "y", "c": b"z"}])
        self.assertEqual([one["name"] for one in self.inspected()["columns"]], ["b", "c"])

    def test_keys_of_bytes(self):
        file = self.file(a=pa.array([b"\0:\xff", b"ab\n"], pa.binary(3)))
        self.well(file, "--key", "a")
        self.assertEqual(self.row_keys(), sorted([b"t:\0:\xff", b"t:ab\n"]))
        self.well(file, "--key", "a", to=self.to(binary="hex"), table="x")
        self.assertEqual(self.row_keys("x"), sorted([b"x:0x003aff", b"x:0x61620a"]))

    def test_expiry(self):
        for structure in ("hash", "string"):
            with self.subTest(structure):
                to = self.to(structure=structure, ttl="1h")
                self.client.flushall()
                self.well(self.numbers(2500), to=to)
                for key in self.row_keys():
                    self.assertTrue(HOUR - 120_000 < self.client.pttl(key) <= HOUR, key)
                self.assertEqual(self.column(), list(range(2500)))
                self.well(self.numbers(10, first=2500), to=self.to(structure=structure))
                self.assertEqual(sum(self.client.pttl(key) < 0 for key in self.row_keys()), 10)
        self.client.flushall()
        self.well(self.numbers(10), to=self.to(ttl="200ms"))
        self.wait_for(lambda: not self.row_keys(), "the rows have expired")
        self.well(self.numbers(10), "--key", "n", to=self.to(ttl="1h"), table="again")

    def test_a_replaced_row_that_expires_comes_back_with_its_expiry(self):
        self.well(self.numbers(10), "--key", "n", to=self.to(ttl="1h"))
        process = self.start_load(self.numbers(10, text="new"), "--key", "n", "--mode", "upsert",
                                  fault="redis.commit.before:1")
        self.assertEqual(process.wait(60), -signal.SIGKILL)
        self.well(self.numbers(1, first=50), "--key", "n")
        self.assertEqual({row["text"][:3] for row in self.rows()}, {"row"})
        self.assertEqual(sum(HOUR - 120_000 < self.client.pttl(key) <= HOUR for key in self.row_keys()), 10)

    def test_duplicates_that_replace(self):
        for structure in ("hash", "string"):
            to = self.to(structure=structure)
            self.client.flushall()
            self.well(self.numbers(100), "--key", "n", to=to)
            result = self.well(self.numbers(100, first=50, text="new"), "--key", "n", "--on-duplicate", "replace", to=to)
            self.assertEqual(result["rows_loaded"], 100)
            self.assertEqual({row["n"]: row["text"][:3] for row in self.rows()},
                             {n: "row" if n < 50 else "new" for n in range(150)})
            self.assertEqual(self.leftovers(), [])

    def test_members_that_are_there_already(self):
        for structure, more in (("set", {}), ("sorted_set", {"score": "n"})):
            with self.subTest(structure):
                to = self.to(structure=structure, **more)
                self.client.flushall()
                self.well(self.numbers(10), to=to)
                done = self.load(self.numbers(10, first=5), to=to)
                again = self.load(self.numbers(10, first=5), "--on-duplicate", "replace", to=to)
                if done.returncode == 0 or again.returncode == 0:
                    self.assertEqual(self.column(), list(range(15)))
                else:
                    self.assertEqual(self.column(), list(range(10)))
                self.assertEqual(self.leftovers(), [])

    def test_of_two_rows_of_one_key_the_greater_stays(self):
        file = self.file(n=[1, 2, 1, 1, 2], version=pa.array([3, 1, 9, 4, None], pa.int32()), text=list("abcde"))
        for structure in ("hash", "string"):
            to = self.to(structure=structure)
            self.client.flushall()
            self.well(file, "--key", "n", "--mode", "upsert", "--order-by", "version", to=to)
            self.assertEqual({row["n"]: row["text"] for row in self.rows()}, {1: "c", 2: "b"})
            self.well(file, "--key", "n", "--mode", "upsert", to=to)
            self.assertEqual({row["n"]: row["text"] for row in self.rows()}, {1: "d", 2: "e"})
            self.assertEqual(self.leftovers(), [])

    def test_an_upsert_of_fewer_fields_leaves_none_of_the_old(self):
        self.well(self.file(n=[1], a=["x"], b=["y"]), "--key", "n")
        self.well(self.file(n=[1], a=pa.array([None], pa.string()), b=["z"]), "--key", "n", "--mode", "upsert")
        self.assertEqual(self.client.hgetall("t:1"), {b"n": b"1", b"b": b"z"})

    def test_new_columns(self):
        self.well(self.numbers(3), "--key", "n")
        self.well(self.file(n=[3], text=["x"], more=[1.5]), "--key", "n", "--on-schema-change", "evolve")
        self.assertEqual([row["more"] for row in sorted(self.rows(), key=lambda row: row["n"])], [None, None, None, 1.5])

    def test_many_tables_beside_each_other(self):
        for name in ("a", "ab", "a*", "a?", "[a]", "ä ö", "{a}"):
            self.well(self.numbers(len(name.encode()) + 3), table=name)
        self.well(self.numbers(2), "--mode", "overwrite", table="a*")
        self.well(self.numbers(1), "--mode", "overwrite", table="a?")
        listed = json.loads(self.command("inspect", self.uri, "--json").stdout)
        self.assertEqual({one["table_name"]: one["row_count"] for one in listed["tables"]},
                         {"a": 4, "ab": 5, "a*": 2, "a?": 1, "[a]": 6, "ä ö": 8, "{a}": 6})
        for name, rows in {"a": 4, "ab": 5, "[a]": 6, "{a}": 6, "a*": 2, "a?": 1}.items():
            self.assertEqual(self.column(table=name), list(range(rows)), name)

    def test_an_overwrite_leaves_what_is_somebody_elses(self):
        """Keys that begin like the table's rows and are none, of its type and of others."""
        for words in ((), ("--key", "n")):
            for structure in ("hash", "string"):
                with self.subTest(words=words, structure=structure):
                    self.client.flushall()
                    to = self.to(structure=structure)
                    foreign = {"t": ("set", "x"), "tt:1": ("set", "x"), "t:settings": ("hset", "theirs"),
                               "t:1:more": ("hset", "theirs"), "t:1:text": ("set", "x"), "t:01": ("hset", "theirs"),
                               "t:queue": ("rpush", "x")}
                    for key, (command, value) in foreign.items():
                        getattr(self.client, command)(key, *(("field", value) if command == "hset" else (value,)))
                    theirs = {key: self.client.dump(key) for key in foreign}
                    self.well(self.numbers(50), *words, to=to)
                    self.well(self.numbers(20, first=100), *words, "--mode", "overwrite", to=to)
                    self.assertEqual({key: self.client.dump(key) for key in foreign}, theirs)
                    done = self.load(self.numbers(20, first=100), *words, "--mode", "overwrite", to=to)
                    self.assertEqual(done.returncode, 0, done.stderr)

    def test_an_overwrite_of_another_structure(self):
        shapes = [("hash", {}), ("stream", {}), ("string", {}), ("list", {}), ("set", {}), ("sorted_set", {"score": "n"}),
                  ("hash", {})]
        for number, (structure, more) in enumerate(shapes):
            with self.subTest(structure):
                self.well(self.numbers(number + 5), "--mode", "overwrite", to=self.to(structure=structure, **more))
                self.assertEqual(self.column(), list(range(number + 5)))
                rows = [key for key in self.everything(own=False)]
                self.assertEqual(len(rows), number + 5 if structure in ("hash", "string") else 1)
                self.assertEqual(self.leftovers(), [])

    def test_an_overwrite_by_nothing(self):
        for structure in ("hash", "stream", "list"):
            to = self.to(structure=structure)
            self.client.flushall()
            self.well(self.numbers(5), to=to)
            self.well(self.numbers(0), "--mode", "overwrite", to=to)
            self.assertEqual((self.rows(), self.everything(own=False)), ([], {}))
            self.well(self.numbers(5), to=to)
            self.assertEqual(self.column(), list(range(5)))

    def test_overwrites_that_are_killed_at_every_point(self):
        for structure in ("hash", "string", "stream", "set", "list"):
            to = self.to(structure=structure)

            def prepare():
                self.client.flushall()
                self.client.set("t_foreign", "x")
                self.well(self.numbers(1500, "old.parquet"), to=to)

            prepare()
            new = self.numbers(1200, "new.parquet", first=5000)
            points = self.fault_points(lambda: self.well(new, "--mode", "overwrite", to=to))
            self.assertGreater(len(points), 3, points)
            for point, count in points.items():
                for passing in sorted({1, (count + 1) // 2, count}):
                    with self.subTest(structure=structure, point=point, passing=passing):
                        prepare()
                        done = self.load(new, "--mode", "overwrite", to=to, fault=f"{point}:{passing}")
                        self.assertEqual(done.returncode, -signal.SIGKILL, done.stderr)
                        self.well(self.numbers(1, "next.parquet", first=9000), to=to)
                        self.assertIn(self.column(), ([*range(1500), 9000], [*range(5000, 6200), 9000]))
                        self.assertEqual(self.leftovers(), [])
                        self.assertEqual(self.client.get("t_foreign"), b"x")

    def test_an_overwrite_that_is_killed_at_any_time(self):
        dice = random.Random(SEED)
        to = self.to(structure="hash")
        self.well(self.numbers(8000, "old.parquet"), "--key", "n", to=to)
        allowed = [list(range(8000))]
        for turn in range(12):
            first = 10_000 * (turn + 1)
            process = self.start_load(self.numbers(8000, "new.parquet", first=first), "--key", "n", "--mode", "overwrite",
                                      to=to)
            time.sleep(dice.uniform(0, 0.25))
            process.kill()
            process.communicate()
            self.well(self.numbers(0, "nothing.parquet"), to=to)
            new = list(range(first, first + 8000))
            self.assertIn(self.column(), [*allowed, new], f"seed {SEED} turn {turn}")
            allowed = [self.column()]
            self.assertEqual(self.leftovers(), [], f"seed {SEED} turn {turn}")


class Commands(RedisCase):
    def test_inspect(self):
        self.well(self.file(n=[1, 2, 3], text=["a", None, "c"], bytes=[b"\0", b"", b"x"]), "--key", "n")
        found = self.inspected()
        self.assertEqual((found["table_name"], found["row_count"]), ("t", 3))
        self.assertEqual([one["name"] for one in found["columns"]], ["n", "text", "bytes"])
        said = self.command("inspect", self.uri, "--table", "t")
        self.assertEqual(said.returncode, 0, said.stderr)
        self.assertIn("key n", said.stdout)
        self.assert_said(self.command("inspect", self.uri, "--table", "tt"), 2, "tt")

    def test_inspect_every_structure(self):
        for structure, more in (("hash", {}), ("string", {}), ("stream", {}), ("set", {}), ("list", {}),
                                ("sorted_set", {"score": "n"})):
            with self.subTest(structure):
                self.client.flushall()
                self.well(self.numbers(12), to=self.to(structure=structure, **more))
                found = self.inspected(limit=100)
                self.assertEqual(found["row_count"], 12)
                self.assertEqual(sorted(row["n"] for row in found["rows"]), list(range(12)))
                self.assertEqual(len(self.inspected(limit=4)["rows"]), 4)

    def test_inspect_counts_without_a_scan(self):
        pipeline = self.client.pipeline(transaction=False)
        for number in range(50_000):
            pipeline.set(f"other:{number}", number)
        pipeline.execute()
        self.well(self.numbers(100))
        self.client.config_resetstat()
        self.command("inspect", self.uri)
        used = self.client.info("commandstats")
        self.assertLessEqual(used.get("cmdstat_scan", {"calls": 0})["calls"], 2)  # a look at some rows, for their size
        self.assertNotIn("cmdstat_keys", used)

    def test_no_load_asks_for_all_keys(self):
        self.client.config_resetstat()
        self.well(self.numbers(3000))
        self.well(self.numbers(3000), "--mode", "overwrite")
        self.well(self.numbers(3000), "--mode", "upsert", "--key", "n", table="u")
        self.assertNotIn("cmdstat_keys", self.client.info("commandstats"))
        self.assertNotIn("cmdstat_flushdb", self.client.info("commandstats"))

    def test_check(self):
        done = self.command("check", self.uri)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        for text in ("7.0", "nothing is evicted"):
            self.assertIn(text, done.stdout)

    def test_plan(self):
        before = self.everything()
        done = self.command("plan", "load", self.numbers(10), "--to", self.uri, "--table", "t", "--key", "n")
        self.assertEqual(done.returncode, 0, done.stderr)
        for text in ("hash", "t:{n}"):
            self.assertIn(text, done.stdout)
        self.assertEqual(self.everything(), before)
        self.well(self.numbers(10), "--key", "n")
        before = self.everything()
        done = self.command("plan", "load", self.numbers(10), "--to", self.uri, "--table", "t", "--mode", "overwrite")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stdout, "UNLINK|SCAN|renamed|bounded")
        self.assertEqual(self.everything(), before)
        done = self.command("plan", "load", self.numbers(10), "--to", self.uri, "--table", "t", "--mode", "merge")
        self.assert_said(done, 2, "merge")

    def test_loaders_tell_the_options(self):
        done = self.command("loaders", "redis")
        self.assertEqual(done.returncode, 0, done.stderr)
        for text in ("structure", "key_pattern", "ttl", "wait_replicas"):
            self.assertIn(text, done.stdout)

    def test_replicas_that_are_waited_for(self):
        done = self.load(self.numbers(10), to=self.to(wait_replicas=1, wait_timeout="200ms"))
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("replica", done.stderr)
        from redis_server import Redis
        with Redis(replica_of=self.server):
            self.wait_for(lambda: self.client.info("replication").get("slave0", {}).get("state") == "online",
                          "the replica is there")
            self.well(self.numbers(10, first=10), to=self.to(wait_replicas=1, wait_timeout="20s"))
        self.assertIn(self.column(), ([*range(20)], [*range(10, 20)]))

    def test_a_file_on_the_disk_wants_a_newer_server(self):
        self.assert_said(self.load(self.numbers(1), to=self.to(wait_aof="true")), 2, "wait_aof", "7.2")


if __name__ == "__main__":
    unittest.main()
