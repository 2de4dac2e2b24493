"""ampload stream into PostgreSQL, the real command against the test Amp server: what the table holds in the end is what
the server says the chain is."""

import unittest

from command import result_of
from postgresql_case import PostgreSQLCase
from stream_case import by_block, newest, restless

REORGS = "wait-sent 59; reorg 5 9; wait-sent 63; reorg 30 31; wait-sent 64; mine 30"  # ends at block 94


class Streams(PostgreSQLCase):
    def test_reorganisations(self):
        for words, table in (((), "a"), (("--commit-rows", 1), "b"), (("--commit-rows", 1, "--block-ranges"), "c")):
            with self.subTest(words=words):
                server = self.serve("--blocks", 60, "--script", REORGS, "--shuffle", "--max-blocks", 7)
                result = result_of(self.streamed(server, "--until", 94, "--json", "--table", table, *words))
                self.assertEqual((result["loader_type"], result["error"]), ("postgresql", None))
                self.assert_canonical(server, table)
                if words:
                    self.assertGreater(result["metadata"]["rows_undone"], 0)
                    self.assertEqual(result["metadata"]["rows_undone"], result["rows_loaded"] - len(self.rows(table)))
                server.end()
        self.assertEqual(self.leftovers(), [])

    def test_several_networks(self):
        script = ("wait-sent two 59; reorg one 9 12; reorg two 3 6; wait-sent two 62; reorg two 25 25; wait-sent one 62;"
                  "reorg one 1 1; mine one 30; mine two 30")
        server = self.serve("--network", "one", "--network", "two", "--blocks", 60, "--script", script)
        self.streamed(server, "--until", 92, "--commit-interval", "50ms")
        self.assert_canonical(server)
        self.assertEqual(self.checkpoint()["highest_end"], {"one": 92, "two": 92})

    def test_an_upsert_keeps_the_newest_row_of_each_key_on_the_chain(self):
        script = ("wait-sent 59; reorg 5 6; wait-sent 60; reorg 30 31; wait-sent 61; mine 5; wait-sent 66; reorg 8 3;"
                  "mine 30")
        server = self.serve("--blocks", 60, "--script", script, "--max-blocks", 4)
        self.streamed(server, "--until", 91, "--mode", "upsert", "--key", "log_index")
        self.assert_newest(server)

    def test_a_stop_is_clean_and_the_next_start_goes_on(self):
        server = self.serve("--blocks", 60, "--script", "wait-sent 59; mine 10")
        process = self.begun(server, "--commit-interval", "10ms", "--json")
        self.wait_for(lambda: self.exists("logs") and self.rows("logs"), "rows are there")
        self.assert_stops(process)
        self.assertEqual(self.backends(), [])
        self.streamed(server, "--until", 69)
        self.assert_canonical(server)

    def test_rows_behind_ones_that_were_refused_do_not_go_first(self):
        server = self.serve("--blocks", 60, "--max-blocks", 1)
        for mode in ("append", "upsert"):
            with self.subTest(mode=mode):
                words = ("--mode", mode, "--key", "network,block_num,log_index", "--table", mode)
                self.streamed(server, "--until", 20, *words)
                self.sql(f"ALTER TABLE {mode} ADD CONSTRAINT refused CHECK (block_num <> 45)")
                done = self.stream(server, "--until", 59, *words)
                self.assertEqual(done.returncode, 1, done.stderr)
                self.assertIn("refused", done.stderr)
                self.assertLess(max(row["block_num"] for row in self.rows(mode)), 45)
                self.sql(f"ALTER TABLE {mode} DROP CONSTRAINT refused")
                self.streamed(server, "--until", 59, *words)
                self.assert_canonical(server, mode)

    def test_a_table_that_is_altered_beside_the_stream_keeps_every_value(self):
        server = self.serve("--blocks", 60, "--max-blocks", 7)
        process = self.stopped_at(self.start(server, "--until", 59, "--commit-rows", 1, fault="stream.commit.after:1:stop"))
        self.sql("ALTER TABLE logs ALTER log_index TYPE numeric")  # the bytes of a bigint would be another numeric
        self.goes_on(process)
        self.assertEqual(self.ended(process), 0, self.said(process))
        self.assertEqual(self.column("log_index", "logs"),
                         sorted(row["log_index"] for row in server.rows()))
        self.assertIn("altered", self.said(process))

    def test_a_reset_whose_first_commit_failed_begins_anew_all_the_same(self):
        server = self.serve("--blocks", 60)
        self.streamed(server, "--until", 30)
        process = self.stopped_at(self.start(server, "--until", 59, "--reset-pipeline",
                                             fault="postgresql.commit.before:1:stop"))
        self.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'ampload%'")
        self.goes_on(process)
        self.assertEqual(self.ended(process), 0, self.said(process))
        self.assert_canonical(server)

    def kill_until_the_end(self, *words, **how):
        super().kill_until_the_end(*words, script=restless(12), within=0.4, **how)
        self.assertEqual(self.leftovers(), [])

    def test_kills_cost_nothing_and_double_nothing(self):
        self.kill_until_the_end(kills=25)

    def test_kills_of_an_upsert(self):
        self.kill_until_the_end("--mode", "upsert", "--key", "log_index", kills=15, expected=newest)

    def test_overwrite_replaces_once_and_appends_from_then_on(self):
        self.well(self.numbers(10), table="old")
        server = self.serve("--blocks", 40, "--script", "wait-sent 39; reorg 3 23; wait-sent 59; mine 20")
        for until in (39, 59, 79):
            self.streamed(server, "--mode", "overwrite", "--until", until)
        self.assert_canonical(server)

    def test_rows_that_were_taken_back_by_hand_come_again(self):
        server = self.serve("--blocks", 60)
        self.streamed(server, "--until", 59)
        undone = self.command("undo", self.uri, "--table", "logs", "--from-block", 30)
        self.assertEqual(undone.returncode, 0, undone.stderr)
        self.assertLess(len(self.stored()), len(server.rows()))
        self.streamed(server, "--until", 59)
        self.assert_canonical(server)

    def test_a_table_without_the_column_of_batches(self):
        server = self.serve("--blocks", 30)
        self.streamed(server, "--until", 29)
        definition = ", ".join(f"{name} {kind}" for name, kind in self.sql(
            "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'logs'::regclass AND "
            "attnum > 0 AND attname NOT LIKE E'\\\\_amp%%'"))
        self.sql(f"CREATE TABLE mine ({definition})")
        self.streamed(server, "--until", 29, "--table", "mine")  # empty: the column is added
        self.assert_canonical(server, "mine")
        self.sql(f"CREATE TABLE full_one ({definition})")
        self.sql("INSERT INTO full_one (block_num) VALUES (1)")
        done = self.stream(server, "--until", 29, "--table", "full_one")
        self.assertIn(done.returncode, (1, 2))
        self.assertIn("_amp_batch_id", done.stderr)
        self.assertEqual(self.sql("SELECT count(*) FROM full_one"), [(1,)])

    def test_two_pipelines_in_one_table(self):
        first = self.serve("--blocks", 60, "--script", REORGS, "--network", "one")
        second = self.serve("--blocks", 60, "--script", REORGS, "--network", "two", "--seed", 9)
        refused = self.stream(first, "--until", 20, "--pipeline", "one")
        self.assertEqual(refused.returncode, 0, refused.stderr)
        self.assert_said(self.stream(second, "--until", 20), 2, "--add-pipeline", "one")
        processes = [self.start(server, "--until", 94, "--commit-rows", 1, "--pipeline", name, "--add-pipeline")
                     for server, name in ((first, "one"), (second, "two"))]
        for process in processes:
            self.assertEqual(self.ended(process), 0, self.said(process))
        self.assertEqual(self.stored(), by_block(first.rows() + second.rows()))
        self.assertEqual(sorted(one["pipeline"] for one in self.inspected("logs")["checkpoints"]), ["one", "two"])


if __name__ == "__main__":
    unittest.main()
