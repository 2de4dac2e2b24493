"""Rows, keys and servers that do not go together: each says where, what and what to do next, and leaves what was there as
it was."""

import unittest

import pyarrow as pa

from redis_case import RedisCase
from processes import free_port  # found by the case's path
from redis_server import Redis

SHAPES = ("hash", "string", "stream", "set", "sorted_set", "list")


class BadInput(RedisCase):
    def refused(self, load, *texts, status=1):
        """What `load` starts fails with that, and not a byte is changed."""
        before = self.everything()
        done = load()
        self.assert_said(done, status, *texts)
        self.assertEqual(self.everything(), before)
        self.assertEqual(self.leftovers(), [])
        return done

    def to_structure(self, structure, **options):
        if structure == "sorted_set":
            options["score"] = "n"
        return self.to(structure=structure, **options)

    # What is under the keys already

    def test_keys_of_another_type(self):
        file = self.numbers(3000)
        self.client.rpush("t:2017", "a", "list")
        key = ("--key", "n")
        for words in ((), ("--on-duplicate", "replace"), ("--mode", "upsert")):
            with self.subTest(words):
                self.refused(lambda: self.load(file, *key, *words), "table=t", "t:2017", status=1)

    def test_a_string_where_a_hash_belongs(self):
        self.client.set("t:5", "text")
        for words in (("--mode", "upsert"), ("--on-duplicate", "replace")):
            self.refused(lambda: self.load(self.numbers(10), "--key", "n", *words), "t:5")

    def test_a_table_key_of_another_type(self):
        self.client.set("t", "text")
        for structure in ("stream", "set", "sorted_set", "list"):
            with self.subTest(structure):
                for words in ((), ("--mode", "overwrite")):
                    self.refused(lambda: self.load(self.numbers(10), *words, to=self.to_structure(structure)), "table=t",
                                 "type=string", status=2)

    def test_a_table_key_that_ampload_did_not_make(self):
        self.client.rpush("t", "mine")
        self.refused(lambda: self.load(self.numbers(3), to=self.to(structure="list")), "table=t", "type=list", status=2)

    def test_a_key_of_another_type_in_the_way_of_an_overwrite(self):
        self.well(self.numbers(10), "--key", "n")
        self.client.rpush("t:15", "mine")
        self.refused(lambda: self.load(self.numbers(10, first=10), "--key", "n", "--mode", "overwrite"), "t:15")

    def test_two_rows_of_one_key_that_store_different_fields(self):
        file = self.file(a=[1, 1], b=["x", None], c=[None, "y"])
        self.refused(lambda: self.load(file, "--key", "a", to=self.to(fields="b,c")), "table=t", "fields=b,c",
                     status=2)

    def test_tables_whose_keys_begin_alike(self):
        self.well(self.numbers(3), table="t")
        self.refused(lambda: self.load(self.numbers(3), table="t:b"), "t:b", "other=t", status=2)

    # Keys

    def test_a_null_in_the_key(self):
        file = self.file(n=pa.array([1, 2, None, 4], pa.int64()), m=["a", "b", "c", "d"])
        for structure in ("hash", "string"):
            for words, to in ((("--key", "n"), self.to(structure=structure)),
                              ((), self.to(structure=structure, key_pattern="{table}:{m}/{n}"))):
                with self.subTest(structure=structure, words=words):
                    self.refused(lambda: self.load(file, *words, to=to), "table=t", "column=n", "row=2", "null")

    def test_a_null_in_the_key_can_be_set_aside(self):
        file = self.file(n=pa.array([1, 2, None, 4], pa.int64()))
        done = self.load(file, "--key", "n", "--on-bad-row", "quarantine", "--quarantine", self.work / "bad.arrow")
        self.assertEqual(done.returncode, 3, done.stderr)
        self.assertEqual(self.column(), [1, 2, 4])
        self.assertEqual(self.leftovers(), [])

    def test_two_rows_of_one_key_in_one_load(self):
        numbers = list(range(5000)) + [4321]
        for structure in ("hash", "string"):
            for small in (False, True):
                with self.subTest(structure=structure, small=small):
                    values = numbers if not small else [7, 8, 7]
                    said = "t:7" if small else "t:4321"
                    self.refused(lambda: self.load(self.file(n=values), "--key", "n", to=self.to(structure=structure)),
                                 "table=t", said)

    def test_a_key_that_the_table_has(self):
        for structure in ("hash", "string"):
            with self.subTest(structure):
                self.client.flushall()
                to = self.to(structure=structure)
                self.well(self.numbers(5), "--key", "n", to=to)
                self.refused(lambda: self.load(self.numbers(5000, first=4), "--key", "n", to=to), "table=t", "t:4")
                self.refused(lambda: self.load(self.numbers(5000, first=-4995), "--key", "n", to=to), "t:0")
                self.assertEqual(self.column(), list(range(5)))

    def test_two_keys_with_one_text(self):
        to = self.to(key_pattern="{table}:{a}{b}")
        file = self.file(a=[1, 12], b=[23, 3])
        self.refused(lambda: self.load(file, to=to), "t:123")
        self.refused(lambda: self.load(file, "--mode", "upsert", "--key", "a,b", to=to), "{a}{b}", status=2)

    def test_patterns_that_are_none(self):
        file = self.file(n=[1], l=pa.array([[1]]))
        for pattern, texts in (("{table}:{m}", ("m",)), ("{table}:{n", ("{table}:{n",)), ("{table}", ("{table}",)),
                               ("{table}:{l}", ("l",)), ("__ampload__:{n}", ("__ampload__",))):
            with self.subTest(pattern):
                self.refused(lambda: self.load(file, to=self.to(key_pattern=pattern)), *texts, status=2)
        done = self.refused(lambda: self.load(self.file(numbre=[1]), to=self.to(key_pattern="{table}:{number}")),
                            "number", status=2)
        self.assertIn("numbre", done.stderr)

    def test_a_key_that_differs_from_the_tables(self):
        self.well(self.numbers(5), "--key", "n")
        self.refused(lambda: self.load(self.numbers(5, first=5), "--key", "text"), "table=t", status=2)
        self.refused(lambda: self.load(self.numbers(5, first=5), "--key", "n", to=self.to(structure="string")),
                     "table=t", "hash", "string", status=2)
        self.well(self.numbers(5, first=5))  # without a word it is the table's own
        self.assertEqual(self.column(), list(range(10)))

    def test_a_pattern_that_begins_with_a_column(self):
        self.refused(lambda: self.load(self.file(n=["", "x"]), to=self.to(key_pattern="{n}")), "table=t", "{n}", status=2)

    def test_names_of_ampload(self):
        for name in ("__ampload__:tables", "__ampload__:x"):
            self.refused(lambda: self.load(self.numbers(1), table=name, to=self.to(structure="list")), "__ampload__",
                         status=2)
            self.refused(lambda: self.load(self.numbers(1), table=name), "__ampload__", status=2)

    # Rows

    def test_a_row_without_any_field(self):
        file = self.file(n=pa.array([1, None, 3], pa.int64()))
        for structure in ("hash", "stream"):
            with self.subTest(structure):
                self.refused(lambda: self.load(file, to=self.to(structure=structure)), "table=t", "row=1")
        self.well(file, to=self.to(structure="string"))
        self.assertEqual([row["n"] for row in self.rows() if row["n"] is not None], [1, 3])

    def test_scores(self):
        to = self.to(structure="sorted_set", score="n")
        for values, said in ((pa.array([1, None], pa.int64()), "null"), (pa.array([0, 2**53 + 1], pa.int64()), "value=9007199254740993"),
                             (pa.array([0.5, float("nan")]), "value=nan")):
            with self.subTest(said):
                self.refused(lambda: self.load(self.file(n=values), to=to), "table=t", "column=n", "row=1", said)
        self.refused(lambda: self.load(self.file(n=["a"]), to=to), "column=n", "type=string", status=2)
        self.refused(lambda: self.load(self.file(n=[1]), to=self.to(structure="sorted_set")), "score", status=2)
        self.refused(lambda: self.load(self.file(n=[1]), to=self.to(score="n")), "score", status=2)
        few = self.to(structure="sorted_set", score="n", fields="text")
        self.refused(lambda: self.load(self.numbers(1), "--on-duplicate", "replace", to=few), "other scores", "score=n",
                     "fields=text", status=2)

    # What a structure cannot do

    def test_modes_that_a_structure_has_not(self):
        for structure in ("stream", "set", "sorted_set", "list"):
            self.refused(lambda: self.load(self.numbers(1), "--mode", "upsert", "--key", "n",
                                           to=self.to_structure(structure)), "upsert", status=2)
        self.refused(lambda: self.load(self.numbers(1), "--mode", "merge", "--key", "n"), "merge", status=2)
        for structure in ("list", "stream"):
            self.refused(lambda: self.load(self.numbers(1), "--on-duplicate", "replace",
                                           to=self.to_structure(structure)), "replace", status=2)

    def test_streams_that_a_structure_has_not(self):
        amp = self.serve("--blocks", 3)
        for structure in ("set", "sorted_set", "list"):
            with self.subTest(structure):
                options = {"score": "block_num"} if structure == "sorted_set" else {}
                self.refused(lambda: self.stream(amp, "--until", 2, to=self.to(structure=structure, **options)),
                             "takes no streams", "rows that hold no identity", status=2)

    def test_options_that_are_not_about_the_structure(self):
        for structure, options, said in (("hash", {"value_format": "json"}, "value_format"),
                                         ("stream", {"ttl": "1h"}, "ttl"), ("list", {"ttl": "1h"}, "ttl"),
                                         ("hash", {"value_format": "arrow_ipc"}, "arrow_ipc"),
                                         ("tree", {}, "tree"), ("hash", {"binary": "base64"}, "base64"),
                                         ("hash", {"fields": "n,txet"}, "text")):
            with self.subTest(structure=structure, options=options):
                self.refused(lambda: self.load(self.numbers(1), to=self.to(structure=structure, **options)), said,
                             status=2)

    def test_json_documents_want_their_module(self):
        done = self.refused(lambda: self.load(self.numbers(1), to=self.to(structure="json")), "RedisJSON", status=2)
        self.assertNotIn("unknown command", done.stderr)

    def test_a_table_of_other_columns(self):
        self.well(self.numbers(3), "--key", "n")
        self.refused(lambda: self.load(self.file(n=["x"], text=["y"]), "--key", "n"), "column n ", "table=t")
        self.refused(lambda: self.load(self.file(n=[9], text=["y"], more=[1]), "--key", "n"), "more")

    def test_no_create_table(self):
        self.refused(lambda: self.load(self.numbers(3), "--no-create-table"), "table t", status=2)


class SmallServers(RedisCase):
    """Servers that cannot take it."""

    def test_out_of_memory(self):
        for structure in SHAPES:
            with self.subTest(structure):
                options = {"score": "n"} if structure == "sorted_set" else {}
                to = self.to(structure=structure, **options)
                self.client.flushall()
                self.client.set("foreign", "x")
                self.client.config_set("maxmemory", int(self.client.info("memory")["used_memory"]) + (1 << 20))
                try:
                    done = self.load(self.numbers(60_000, row_group_size=2000), to=to)
                    self.assert_said(done, 1, "OOM", "maxmemory", "table=t")
                finally:
                    self.client.config_set("maxmemory", 0)
                self.assertEqual(self.rows() or [], [])
                self.assertEqual(self.everything(own=False), {b"foreign": self.client.dump("foreign")})
                self.assertEqual(self.leftovers(), [])
                self.well(self.numbers(100), to=to)
                self.assertEqual(self.column(), list(range(100)))

    def test_a_read_only_replica(self):
        with Redis(replica_of=self.server) as replica:
            done = self.load(self.numbers(5), to=replica.uri())
            self.assert_said(done, 1, "READONLY", "replica")
        self.assertEqual(self.everything(), {})

    def test_a_replica_that_may_be_written_is_warned_of(self):
        with Redis(replica_of=self.server, settings={"replica-read-only": "no"}) as replica:
            done = self.load(self.numbers(5), to=replica.uri())
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn("replica", done.stderr)

    def test_persistence_that_is_off_is_warned_of(self):
        done = self.load(self.numbers(5))
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertRegex(done.stderr, "persist|append-only|appendonly|restart")
        self.client.config_set("appendonly", "yes")
        try:
            self.wait_for(lambda: not self.client.info("persistence")["aof_rewrite_in_progress"], "the file is there")
            done = self.load(self.numbers(5, first=5))
            self.assertNotRegex(done.stderr, "persist|append-only|appendonly|restart")
        finally:
            self.client.config_set("appendonly", "no")

    def test_a_cluster(self):
        with Redis(settings={"cluster-enabled": "yes", "cluster-port": str(free_port())}) as cluster:
            self.assert_said(self.load(self.numbers(5), to=cluster.uri()), 2, "cluster")
            self.assert_said(self.command("check", cluster.uri()), 2, "cluster")

    def test_eviction(self):
        amp = self.serve("--blocks", 10)
        with Redis(settings={"maxmemory-policy": "allkeys-lru"}) as evicting:
            done = self.stream(amp, "--until", 9, to=evicting.uri())
            self.assert_said(done, 2, "maxmemory-policy", "allkeys-lru", "--allow eviction")
            self.streamed(amp, "--until", 9, "--allow", "eviction", to=evicting.uri())
            done = self.load(self.numbers(5), to=evicting.uri())
            self.assertEqual(done.returncode, 0, done.stderr)

    def test_a_server_that_is_loading_its_data(self):
        settings = {"key-load-delay": "2000", "loading-process-events-interval-bytes": "1024"}
        with Redis(settings=settings) as server:
            import redis
            client = redis.Redis(unix_socket_path=str(server.socket))
            self.well(self.numbers(5), to=server.uri(), table="mine")
            pipeline = client.pipeline(transaction=False)
            for number in range(2000):
                pipeline.set(f"k{number}", "x" * 100)
            pipeline.execute()
            client.save()
            server.crash()
            server.start(wait=False)
            done = self.load(self.numbers(5, first=5), to=server.uri(), table="mine")
            self.assert_said(done, 1, "still reading its data")
            self.wait_for(lambda: server._ping().startswith("+PONG"), "it has loaded its data")
            self.well(self.numbers(5, first=5), to=server.uri(), table="mine")

    def test_values_that_are_too_large(self):
        self.client.config_set("proto-max-bulk-len", 1 << 20)
        try:
            done = self.load(self.file(n=[1, 2], text=["x", "y" * (2 << 20)]), to=self.to(structure="hash"))
        finally:
            self.client.config_set("proto-max-bulk-len", 512 << 20)
        self.assert_said(done, 1)
        self.assertEqual(self.rows() or [], [])
        # The server has closed the connection in the middle: what it took is taken back by the next.
        self.well(self.numbers(3))
        self.assertEqual(self.column(), [0, 1, 2])


if __name__ == "__main__":
    unittest.main()
