"""ampload stream into Delta tables, the real command against the test Amp server: what the table holds in the end is what the server
says the chain is; on a local disk and on S3."""

import os
import signal
import unittest

from deltalake import write_deltalake

from command import result_of, wait_until_stopped
from delta_case import DeltaCase, S3Case, by_block
from stream_case import restless

LONG = bool(os.environ.get("LONG"))
REORGS = "wait-sent 59; reorg 5 9; wait-sent 63; reorg 30 31; wait-sent 64; mine 30"  # ends at block 94


class StreamVerbs:
    """What must hold wherever the lake lies."""

    def test_reorganisations(self):
        for words in ((), ("--commit-rows", 1), ("--commit-rows", 1, "--block-ranges")):
            with self.subTest(words=words):
                table = f"t{len(words)}"
                server = self.serve("--blocks", 60, "--script", REORGS, "--shuffle", "--max-blocks", 7)
                result = result_of(self.streamed(server, "--until", 94, "--json", "--table", table, *words))
                self.assertEqual((result["loader_type"], result["error"]), ("deltalake", None))
                self.assert_canonical(server, table)
                if words:
                    self.assertGreater(result["metadata"]["rows_undone"], 0)
                    self.assertEqual(result["metadata"]["rows_undone"], result["rows_loaded"] - len(self.rows(table)))
                self.assert_live_files_are_there(table)
                server.end()

    def test_kills_cost_nothing_and_double_nothing(self):
        self.kill_until_the_end(kills=60 if LONG else 12, script=restless(8), points=60, within=0.6)
        self.assert_live_files_are_there("logs")

    def test_a_stop_is_clean_and_the_next_start_goes_on(self):
        server = self.serve("--blocks", 60, "--script", "wait-sent 59; mine 10")
        process = self.begun(server, "--commit-interval", "10ms", "--json")
        self.wait_for(lambda: self.exists("logs") and self.rows("logs"), "rows are there")
        self.assert_stops(process)
        self.streamed(server, "--until", 69)
        self.assert_canonical(server)

    def test_two_new_pipelines_that_start_at_once(self):
        servers = [self.serve("--blocks", 30, "--network", f"n{i}", "--seed", i) for i in range(4)]
        processes = [self.start(server, "--until", 29, "--commit-rows", 200, "--pipeline", f"p{i}", "--add-pipeline")
                     for i, server in enumerate(servers)]
        for process in processes:
            self.assertEqual(self.ended(process), 0, self.said(process))
        self.assertEqual(self.stored(), by_block(row for server in servers for row in server.rows()))
        slots = {}
        for row in self.rows("logs"):
            slots.setdefault(row["network"], set()).add(row["_amp_batch_id"] & 0x7FFF)
        self.assertEqual({len(of) for of in slots.values()}, {1}, slots)
        self.assertEqual(len(set.union(*slots.values())), 4, slots)


class Local(StreamVerbs, DeltaCase):
    def test_several_networks(self):
        script = ("wait-sent two 59; reorg one 9 12; reorg two 3 6; wait-sent two 62; reorg two 25 25; wait-sent one 62;"
                  "reorg one 1 1; mine one 30; mine two 30")
        server = self.serve("--network", "one", "--network", "two", "--blocks", 60, "--script", script)
        self.streamed(server, "--until", 92, "--commit-interval", "50ms")
        self.assert_canonical(server)
        self.assertEqual(self.checkpoint()["highest_end"], {"one": 92, "two": 92})

    def test_partitioned(self):
        server = self.serve("--blocks", 60, "--script", REORGS, "--shuffle", "--max-blocks", 7)
        self.streamed(server, "--until", 94, "--commit-rows", 1, to=self.to(partition_by="block_num"))
        self.assert_canonical(server)

    def test_small_files_and_many_checkpoints(self):
        server = self.serve("--blocks", 60, "--script", REORGS, "--max-blocks", 7)
        self.streamed(server, "--until", 94, "--commit-rows", 1,
                      to=self.to(target_file_size="4KiB", row_group_rows=10, checkpoint_interval=2))
        self.assert_canonical(server)
        self.kernel_agrees("logs")

    def kernel_agrees(self, table):
        import delta_tables
        with delta_tables.Kernel() as kernel:
            self.assertEqual(delta_tables.differences(delta_tables.rust_rows(self.folder(table)),
                                                      kernel.rows(self.folder(table))), [])

    def test_kills_while_files_are_small(self):
        self.kill_until_the_end(kills=10, script=restless(8), points=60, within=0.6,
                                to=self.to(checkpoint_interval=2, row_group_rows=10))

    def test_an_undo_finds_the_rows_that_others_moved(self):
        """deltalake compacts, sorts, deletes while the blocks may still be taken back; then they are taken back."""
        for name, move in (("compact", lambda t: t.optimize.compact()), ("z_order", lambda t: t.optimize.z_order(["log_index"])),
                           ("delete", lambda t: t.delete("log_index = 0")), ("checkpoint", lambda t: t.create_checkpoint())):
            with self.subTest(name):
                server = self.serve("--blocks", 60, "--max-blocks", 7)
                self.streamed(server, "--until", 59, "--commit-rows", 1, "--table", name)
                move(self.opened(name))
                left = self.rows(name)
                done = self.command("undo", self.uri, "--table", name, "--from-block", 30)
                self.assertEqual(done.returncode, 0, done.stderr)
                found = self.rows(name)
                self.assertLess(max(row["block_num"] for row in found), 30)
                gone_from = max(row["block_num"] for row in found)
                self.assertEqual(by_block(found), by_block(row for row in left if row["block_num"] <= gone_from))
                self.streamed(server, "--until", 59, "--table", name)
                if name != "delete":
                    self.assert_canonical(server, name)
                self.kernel_agrees(name)
                server.end()

    def test_a_reorganisation_after_somebody_compacted(self):
        server = self.serve("--blocks", 60, "--script", "wait-sent 59; sleep 3000; reorg 25 30; mine 5", "--max-blocks", 3)
        process = self.start(server, "--until", 69, "--commit-rows", 1)
        self.wait_for(lambda: self.exists("logs") and max(self.column("block_num", "logs"), default=0) == 59, "the head is there")
        self.opened("logs").optimize.compact()
        self.assertEqual(self.ended(process), 0, self.said(process))
        self.assert_canonical(server)
        self.kernel_agrees("logs")

    def test_somebody_appends_compacts_and_checkpoints_meanwhile(self):
        import pyarrow as pa
        from deltalake import write_deltalake
        server = self.serve("--blocks", 60, "--script", "wait-sent 59; " + "; ".join(["mine 2; sleep 60; reorg 3 4"] * 15) +
                            "; mine 30", "--max-blocks", 3)
        head = 59 + 15 * 3 + 30
        process = self.start(server, "--until", head, "--commit-rows", 1)
        self.wait_for(lambda: self.exists("logs") and self.rows("logs"), "rows are there")
        foreign = 0
        while process.poll() is None:
            try:
                table = self.opened("logs")
                if foreign % 3 == 2:
                    table.optimize.compact()
                else:
                    row = table.to_pyarrow_table().slice(0, 1)
                    nobodys = pa.nulls(1, row.schema.field("_amp_batch_id").type)
                    index = row.schema.get_field_index("_amp_batch_id")
                    write_deltalake(self.folder("logs"), row.set_column(index, "_amp_batch_id", nobodys), mode="append")
            except Exception as error:  # it lost a race with us: its own matter
                if "ommit" not in str(error) and "conflict" not in str(error).lower():
                    raise
            foreign += 1
        self.assertEqual(self.ended(process), 0, self.said(process))
        self.assertGreater(foreign, 0)
        mine = [row for row in self.rows("logs") if row["_amp_batch_id"] is not None]
        self.assertEqual(by_block({k: v for k, v in row.items() if not k.startswith("_amp_")} for row in mine),
                         by_block(server.rows()))

    def test_rows_that_were_taken_back_by_hand_come_again(self):
        server = self.serve("--blocks", 60)
        self.streamed(server, "--until", 59)
        before = self.everything()
        dry = self.command("undo", self.uri, "--table", "logs", "--from-block", 30, "--dry-run")
        self.assertEqual(dry.returncode, 0, dry.stderr)
        self.assertEqual(self.everything(), before)
        undone = self.command("undo", self.uri, "--table", "logs", "--from-block", 30)
        self.assertEqual(undone.returncode, 0, undone.stderr)
        self.assertLess(max((row["block_num"] for row in self.stored()), default=-1), 30)
        self.streamed(server, "--until", 59)
        self.assert_canonical(server)

    def test_overwrite_replaces_once_and_appends_from_then_on(self):
        self.well(self.numbers(10), table="logs")
        server = self.serve("--blocks", 40, "--script", "wait-sent 39; reorg 3 23; wait-sent 59; mine 20")
        for until in (39, 59, 79):
            self.streamed(server, "--mode", "overwrite", "--on-schema-change", "evolve", "--until", until)
        columns = server.rows()[0].keys()
        self.assertEqual(by_block({name: row[name] for name in columns} for row in self.rows("logs")), by_block(server.rows()))

    def test_batches_that_are_final_when_they_are_committed(self):
        for mode in ((), ("--mode", "overwrite")):
            with self.subTest(mode=mode):
                table = f"t{len(mode)}"
                server = self.serve("--blocks", 40, "--max-blocks", 7, "--script",
                                    "wait-sent 39; sleep 600; reorg 5 9; mine 200")
                self.streamed(server, "--until", 243, "--retention-blocks", 10, "--commit-interval", "200ms", "--table", table,
                              *mode)
                self.assert_canonical(server, table)
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

    def test_a_restored_table_is_told(self):
        server = self.serve("--blocks", 60, "--max-blocks", 7)
        self.streamed(server, "--until", 59, "--commit-rows", 1)
        versions = [version for version, adds in self.adds("logs").items() if adds]
        self.opened("logs").restore(versions[-3])
        before = self.rows("logs")
        done = self.stream(server, "--until", 59)
        if done.returncode != 0:
            self.assert_said(done, 1, "table=logs")
            self.assertRegex(done.stderr.lower(), "restore")
            self.assertEqual(by_block(self.rows("logs")), by_block(before))
            self.streamed(server, "--until", 59, "--reset-pipeline")
        self.assertGreater(len(self.rows("logs")), 0)

    def test_rows_that_go_beside_the_stream_are_missed(self):
        """Not only at its next start: its next commit stops, and leaves the table as the others have it."""
        def overwritten(table):
            write_deltalake(table, table.to_pyarrow_table().slice(0, 3), mode="overwrite")
        for name, move in (("restored", lambda t: t.restore(t.version() - 2)), ("emptied", lambda t: t.delete()),
                           ("overwritten", overwritten)):
            with self.subTest(name):
                server = self.serve("--blocks", 60, "--max-blocks", 7)
                process = self.start(server, "--until", 59, "--commit-rows", 1, "--table", name, fault="deltalake.commit.before:5:stop")
                wait_until_stopped(process)
                move(self.opened(name))
                left = by_block(self.rows(name))
                process.send_signal(signal.SIGCONT)
                self.assertEqual(self.ended(process), 1, self.said(process))
                self.assertRegex(self.said(process), "not in the table any more: somebody has restored an older version, or deleted them")
                self.assertEqual(by_block(self.rows(name)), left)
                server.end()

    def test_append_only_tables_take_no_streams(self):
        server = self.serve("--blocks", 10)
        to = self.to(properties="delta.appendOnly=true")
        self.assert_said(self.stream(server, "--until", 9, to=to), 2, "delta.appendOnly")
        self.assertEqual(self.everything(), {})

    def test_a_reset_begins_anew(self):
        server = self.serve("--blocks", 40)
        self.streamed(server, "--until", 20)
        self.streamed(server, "--until", 39, "--reset-pipeline")
        self.assert_canonical(server)

    def test_the_record_of_a_pipeline_is_missing(self):
        server = self.serve("--blocks", 40)
        self.streamed(server, "--until", 20)
        for path in (self.lake / "logs" / "_ampload").rglob("*.json"):
            path.unlink()
        before = self.everything()
        self.assert_said(self.stream(server, "--until", 39), 1, "_ampload")
        self.assertEqual(self.everything(), before)


class OnS3(StreamVerbs, S3Case):
    pass


if __name__ == "__main__":
    unittest.main()
