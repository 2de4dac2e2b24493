"""ampload stream into Redis, the real command against the test Amp server: what the table holds in the end is what the
server says the chain is."""

import signal
import time
import unittest

from command import result_of
from redis_case import RedisCase
from stream_case import by_block, newest, restless

REORGS = "wait-sent 59; reorg 5 9; wait-sent 63; reorg 30 31; wait-sent 64; mine 30"  # ends at block 94
SHAPES = ({"structure": "hash"}, {"structure": "hash", "binary": "hex"}, {"structure": "string"},
          {"structure": "string", "value_format": "msgpack"}, {"structure": "stream"})


class Streams(RedisCase):
    def test_reorganisations(self):
        for options in SHAPES:
            for words in ((), ("--commit-rows", 1), ("--commit-rows", 1, "--block-ranges")):
                with self.subTest(options=options, words=words):
                    self.client.flushall()
                    server = self.serve("--blocks", 60, "--script", REORGS, "--shuffle", "--max-blocks", 7)
                    result = result_of(self.streamed(server, "--until", 94, "--json", *words, to=self.to(**options)))
                    self.assertEqual((result["loader_type"], result["error"]), ("redis", None))
                    self.assert_canonical(server)
                    if words:
                        self.assertGreater(result["metadata"]["rows_undone"], 0)
                        self.assertEqual(result["metadata"]["rows_undone"],
                                         result["rows_loaded"] - len(self.rows("logs")))
                    self.assertEqual(self.leftovers(), [])
                    server.end()

    def test_rows_under_keys_of_their_own(self):
        for options in ({}, {"key_pattern": "{table}:{network}:{block_num}:{log_index}"}):
            with self.subTest(options):
                self.client.flushall()
                server = self.serve("--blocks", 60, "--script", REORGS, "--max-blocks", 7)
                words = () if options else ("--key", "network,block_num,log_index")
                self.streamed(server, "--until", 94, "--commit-rows", 1, *words, to=self.to(**options))
                self.assert_canonical(server)
                for row in self.rows("logs"):
                    self.assertTrue(self.client.exists(f"logs:{row['network']}:{row['block_num']}:{row['log_index']}"))
                self.assertEqual(self.leftovers(), [])
                server.end()

    def test_entries_are_under_their_batch(self):
        server = self.serve("--blocks", 60, "--script", REORGS, "--max-blocks", 7)
        self.streamed(server, "--until", 94, "--commit-rows", 1, to=self.to(structure="stream"))
        self.assert_canonical(server)
        for entry, fields in self.client.xrange("logs"):
            batch, row = entry.decode().split("-")
            self.assertEqual(batch, fields[b"_amp_batch_id"].decode())

    def test_several_networks(self):
        script = ("wait-sent two 59; reorg one 9 12; reorg two 3 6; wait-sent two 62; reorg two 25 25; wait-sent one 62;"
                  "reorg one 1 1; mine one 30; mine two 30")
        for structure in ("hash", "stream"):
            self.client.flushall()
            server = self.serve("--network", "one", "--network", "two", "--blocks", 60, "--script", script)
            self.streamed(server, "--until", 92, "--commit-interval", "50ms", to=self.to(structure=structure))
            self.assert_canonical(server)
            self.assertEqual(self.checkpoint()["highest_end"], {"one": 92, "two": 92})
            server.end()

    def test_an_upsert_keeps_the_newest_row_of_each_key_on_the_chain(self):
        script = ("wait-sent 59; reorg 5 6; wait-sent 60; reorg 30 31; wait-sent 61; mine 5; wait-sent 66; reorg 8 3;"
                  "mine 30")
        for structure in ("hash", "string"):
            self.client.flushall()
            server = self.serve("--blocks", 60, "--script", script, "--max-blocks", 4)
            self.streamed(server, "--until", 91, "--mode", "upsert", "--key", "log_index", to=self.to(structure=structure))
            self.assert_newest(server)
            self.assertEqual(self.leftovers(), [])
            server.end()

    def test_a_stop_is_clean_and_the_next_start_goes_on(self):
        server = self.serve("--blocks", 60, "--script", "wait-sent 59; mine 10")
        process = self.begun(server, "--commit-interval", "10ms", "--json")
        self.wait_for(lambda: self.exists("logs") and self.rows("logs"), "rows are there")
        self.assert_stops(process)
        self.wait_for(lambda: not self.clients(), "its connection is closed")
        self.streamed(server, "--until", 69)
        self.assert_canonical(server)

    def kill_until_the_end(self, *words, structure="hash", **how):
        super().kill_until_the_end(*words, script=restless(12), points=60, within=0.4,
                                   to=self.to(structure=structure), **how)
        self.assertEqual(self.leftovers(), [])

    def test_kills_cost_nothing_and_double_nothing(self):
        for structure in ("hash", "stream"):
            self.client.flushall()
            self.kill_until_the_end(kills=20, structure=structure)

    def test_kills_of_an_upsert(self):
        self.kill_until_the_end("--mode", "upsert", "--key", "log_index", kills=15, expected=newest)

    def test_overwrite_replaces_once_and_appends_from_then_on(self):
        for structure in ("hash", "stream"):
            self.client.flushall()
            to = self.to(structure=structure)
            self.well(self.numbers(10), table="old", to=to)
            server = self.serve("--blocks", 40, "--script", "wait-sent 39; reorg 3 23; wait-sent 59; mine 20")
            for until in (39, 59, 79):
                self.streamed(server, "--mode", "overwrite", "--until", until, to=to)
            self.assert_canonical(server)
            self.assertEqual(self.column(table="old"), list(range(10)))
            server.end()

    def test_rows_that_were_taken_back_by_hand_come_again(self):
        for structure in ("hash", "string", "stream"):
            self.client.flushall()
            to = self.to(structure=structure)
            server = self.serve("--blocks", 60)
            self.streamed(server, "--until", 59, to=to)
            before = self.everything()
            dry = self.command("undo", self.uri, "--table", "logs", "--from-block", 30, "--dry-run")
            self.assertEqual(dry.returncode, 0, dry.stderr)
            self.assertEqual(self.everything(), before)
            undone = self.command("undo", self.uri, "--table", "logs", "--from-block", 30)
            self.assertEqual(undone.returncode, 0, undone.stderr)
            self.assertLess(len(self.stored()), len(server.rows()))
            self.assertEqual(max(row["block_num"] for row in self.stored()) < 30, True)
            self.assertEqual(self.leftovers(), [])
            self.streamed(server, "--until", 59, to=to)
            self.assert_canonical(server)
            server.end()

    def killed_at(self, point, words):
        done = self.command(*words, fault=f"{point}:1")
        self.assertEqual(done.returncode, -signal.SIGKILL, done.stderr)

    def unfinished(self):
        return self.inspected("logs")["checkpoints"][0]["unfinished"]

    def test_a_stream_that_is_done_ends_what_a_killed_one_left(self):
        for structure in ("hash", "stream"):
            to = self.to(structure=structure)
            for point in ("redis.commit.after", "redis.undo.before", "redis.close.before"):
                with self.subTest(structure=structure, point=point):
                    self.client.flushall()
                    server = self.serve("--blocks", 60, "--script", "wait-sent 59; sleep 200; reorg 5 6")
                    self.streamed(server, "--until", 59, to=to)
                    self.killed_at(point, self.words(server, "--until", 60, "--commit-interval", "60s", to=to))
                    self.assertIn("a commit's rows are not all in place: process ", self.unfinished())
                    shown = self.command("inspect", self.uri, "--table", "logs").stdout
                    self.assertIn("not finished: a commit's rows are not all in place: process ", shown)
                    self.wait_for(lambda: server.rows() is not None, "the server's rows")
                    rows = by_block(server.rows())
                    server.end()  # nothing more is asked of it
                    self.streamed(server, "--until", 60, to=to)
                    self.assertEqual(self.stored(), rows)
                    self.assertEqual((self.leftovers(), self.unfinished()), ([], ""))

    def test_a_stream_that_is_done_takes_a_killed_ones_early_rows_back(self):
        for structure in ("hash", "stream"):
            self.client.flushall()
            to = self.to(structure=structure)
            server = self.serve("--blocks", 60, "--max-blocks", 1)
            self.streamed(server, "--until", 30, to=to)
            before = self.stored()
            self.killed_at("redis.commit.before", self.words(server, "--until", 59, to=to))
            self.assertGreater(len(self.stored()), len(before))
            self.assertIn("rows are there ahead of their commit: process ", self.unfinished())
            self.streamed(server, "--until", 30, to=to)
            self.assertEqual(self.stored(), before)
            self.assertEqual((self.leftovers(), self.unfinished()), ([], ""))

            self.killed_at("redis.commit.before", self.words(server, "--until", 59, to=to))
            undo = ("undo", self.uri, "--table", "logs", "--from-block", 50)
            undone = self.command(*undo, "--dry-run")
            self.assertGreater(len(self.stored()), len(before), undone.stderr)
            undone = self.command(*undo)
            self.assertEqual(undone.returncode, 0, undone.stderr)
            self.assertIn("nothing to take back", undone.stderr)
            self.assertEqual(self.stored(), before)
            server.end()

    def test_a_stream_that_is_done_leaves_a_live_one_alone(self):
        server = self.serve("--blocks", 60, "--max-blocks", 1)
        live = self.begun(server, "--commit-interval", "10ms")
        self.wait_for(lambda: self.exists("logs") and len(self.stored()) == len(server.rows() or ()), "all rows are there")
        self.wait_for(lambda: not self.unfinished(), "the last commit is done")
        self.streamed(server, "--until", 30)
        self.assertIsNone(live.poll())
        self.assert_stops(live)

    def test_an_undo_that_was_killed_behind_its_commit_is_ended_by_the_next(self):
        server = self.serve("--blocks", 60)
        self.streamed(server, "--until", 59)
        undo = ("undo", self.uri, "--table", "logs", "--from-block", 30)
        self.killed_at("redis.undo.before", undo)
        self.assertGreaterEqual(max(row["block_num"] for row in self.stored()), 30)
        again = self.command(*undo)
        self.assertEqual(again.returncode, 0, again.stderr)
        self.assertIn("a reorganisation that was cut short behind its commit was finished", again.stderr)
        self.assertLess(max(row["block_num"] for row in self.stored()), 30)
        self.assertEqual((self.leftovers(), self.unfinished()), ([], ""))

    def test_undo_where_there_is_nothing_to_take_back(self):
        self.well(self.numbers(3))
        for table, text in (("t", "no stream writes this table"), ("tt", "no such table")):
            done = self.command("undo", self.uri, "--table", table, "--from-block", 5)
            self.assert_said(done, 2, text, f"table={table}")

    def test_what_final_batches_leave(self):
        """Records of how to take a batch back go once it is final."""
        server = self.serve("--blocks", 400, "--max-blocks", 5)
        self.streamed(server, "--until", 399, "--commit-rows", 1, "--retention-blocks", 20)
        undo = list(self.client.scan_iter(match="__ampload__:undo:*", count=1000))
        self.assertLess(len(undo), 10)
        self.assertLess(self.client.hlen("__ampload__:batches:logs"), 10)
        self.assert_canonical(server)

    def test_batches_that_are_final_when_they_are_committed(self):
        """One commit takes batches back, or replaces the table, and brings more blocks than can be taken back."""
        for structure in ("hash", "string", "stream"):
            to = self.to(structure=structure)
            for mode in ((), ("--mode", "overwrite"), ("--mode", "upsert", "--key", "network,block_num,log_index")):
                if structure == "stream" and "upsert" in mode:
                    continue
                with self.subTest(structure=structure, mode=mode):
                    self.client.flushall()
                    if "overwrite" in mode:
                        self.well(self.numbers(50), to=to, table="logs")
                    server = self.serve("--blocks", 40, "--max-blocks", 7, "--script",
                                        "wait-sent 39; sleep 600; reorg 5 9; mine 200")
                    self.streamed(server, "--until", 243, "--retention-blocks", 10, "--commit-interval", "200ms", *mode,
                                  to=to)
                    self.assert_canonical(server)
                    self.assertEqual(self.leftovers(), [])
                    server.end()

    def test_two_pipelines_in_one_table(self):
        first = self.serve("--blocks", 60, "--script", REORGS, "--network", "one")
        second = self.serve("--blocks", 60, "--script", REORGS, "--network", "two", "--seed", 9)
        self.streamed(first, "--until", 20, "--pipeline", "one")
        self.assert_said(self.stream(second, "--until", 20), 2, "--add-pipeline", "one")
        processes = [self.start(server, "--until", 94, "--commit-rows", 1, "--pipeline", name, "--add-pipeline")
                     for server, name in ((first, "one"), (second, "two"))]
        for process in processes:
            self.assertEqual(self.ended(process), 0, self.said(process))
        self.assertEqual(self.stored(), by_block(first.rows() + second.rows()))
        self.assertEqual(sorted(one["pipeline"] for one in self.inspected("logs")["checkpoints"]), ["one", "two"])
        self.assertEqual(self.leftovers(), [])

    def test_a_stream_that_joins_waits_for_a_commit_that_does_not_look_out_for_it(self):
        for killed in (False, True):
            with self.subTest(killed=killed):
                self.client.flushall()
                first = self.serve("--blocks", 60, "--network", "one")
                second = self.serve("--blocks", 60, "--network", "two", "--seed", 9)
                key = ("--key", "network,block_num,log_index")
                one = ("--until", 59, "--pipeline", "one", *key)
                self.streamed(first, "--until", 20, *one[2:])
                alone = self.stopped_at(self.start(first, *one, fault="redis.rows.before:1:stop"))
                joins = self.start(second, "--until", 59, "--pipeline", "two", "--add-pipeline", *key)
                self.wait_for(lambda: len(self.inspected("logs")["checkpoints"]) == 2, "it has joined")
                time.sleep(0.5)  # in which it must not write
                self.assertEqual({row["network"] for row in self.stored()}, {"one"})
                self.kill(alone) if killed else self.goes_on(alone)
                self.assertEqual(self.ended(joins), 0, self.said(joins))
                if killed:
                    self.streamed(first, *one)
                self.assertEqual(self.ended(alone), -signal.SIGKILL if killed else 0, self.said(alone))
                self.assertEqual(self.stored(), by_block(first.rows() + second.rows()))
                self.assertEqual(self.leftovers(), [])
                first.end()
                second.end()

    def test_a_load_that_another_stream_ends_is_left_to_it(self):
        """The one was taken for dead when its connection broke, and comes back."""
        first = self.serve("--blocks", 60, "--script", "wait-sent 59; sleep 200; reorg 5 6", "--network", "one")
        second = self.serve("--blocks", 60, "--network", "two", "--seed", 9)
        one = ("--pipeline", "one", "--key", "network,block_num,log_index")
        self.streamed(first, "--until", 59, *one)
        behind = "redis.undo.before:1:stop"  # a commit that has taken blocks back; their rows are still there
        lost = self.stopped_at(self.start(first, "--until", 60, "--commit-interval", "60s", *one, fault=behind))
        for client in self.clients():
            self.client.client_kill_filter(_id=client)
        other = self.stopped_at(self.start(second, "--until", 59, "--pipeline", "two", "--add-pipeline", *one[2:],
                                           fault=behind))
        self.goes_on(lost)
        self.wait_for(lambda: len(self.clients()) == 2, "it is connected again")
        time.sleep(0.5)  # in which it must not take back what the other has in hand
        self.assertIsNone(lost.poll(), self.said(lost))
        self.goes_on(other)
        for process in (lost, other):
            self.assertEqual(self.ended(process), 0, self.said(process))
        self.assertEqual(self.stored(), by_block(first.rows() + second.rows()))
        self.assertEqual(self.leftovers(), [])

    def test_rows_that_somebody_else_deleted_do_not_come_back(self):
        server = self.serve("--blocks", 60)
        self.streamed(server, "--until", 59, "--key", "network,block_num,log_index")
        gone = self.row_keys("logs")[0]
        self.client.delete(gone)
        undone = self.command("undo", self.uri, "--table", "logs", "--from-block", 5)
        self.assertIn(undone.returncode, (0, 1), undone.stderr)
        if undone.returncode == 0:
            self.assertTrue(all(row["block_num"] < 5 for row in self.rows("logs")))

    def test_a_reset_whose_first_commit_failed_begins_anew_all_the_same(self):
        server = self.serve("--blocks", 60)
        self.streamed(server, "--until", 30)
        process = self.stopped_at(self.start(server, "--until", 59, "--reset-pipeline",
                                             fault="redis.commit.before:1:stop"))
        for client in self.clients():
            self.client.client_kill_filter(_id=client)
        self.goes_on(process)
        self.assertEqual(self.ended(process), 0, self.said(process))
        self.assert_canonical(server)
        self.assertEqual(self.leftovers(), [])

    def test_a_reset_begins_anew(self):
        server = self.serve("--blocks", 40)
        self.streamed(server, "--until", 20)
        self.streamed(server, "--until", 39, "--reset-pipeline")
        self.assert_canonical(server)
        self.assertEqual(self.leftovers(), [])


if __name__ == "__main__":
    unittest.main()
