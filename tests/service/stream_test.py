"""ampload stream, the real command, against the test Amp server: reorganisations, ends, kills, restarts. What the
table holds in the end is what the server says the chain is."""

import collections
import json
import random
import signal
import subprocess
import time
import unittest

from command import result_of
from stream_case import QUERY, SEED, StreamCase, by_block, head_after, newest, restless


class Follows(StreamCase):
    def follow(self, script, *server, blocks=60, more=(), **how):
        """A stream from the beginning to the script's end; the server and the result."""
        served = self.serve("--blocks", blocks, "--script", script, *server)
        done = self.streamed(served, "--until", head_after(script, blocks), "--json", *more, **how)
        result = result_of(done)
        self.assertTrue(result["success"])
        return served, result

    def test_a_chain_without_a_fork(self):
        server, result = self.follow("mine 30")
        self.assert_canonical(server)
        self.assertEqual(result["rows_loaded"], len(self.stored()))
        self.assertEqual((result["table_name"], result["loader_type"], result["error"]), ("logs", "lmdb", None))
        metadata = result["metadata"]
        self.assertEqual(metadata["operation"], "stream")
        self.assertEqual((metadata["rows_undone"], metadata["reorgs"], metadata["stopped"]), (0, 0, False))
        self.assertEqual(metadata["block.mainnet"], 89)

    def test_reorganisations_of_every_kind(self):
        scripts = {
            "inside the newest batch": "wait-sent 59; reorg 5 9; wait-sent 63; mine 40",
            "of the newest batch": "wait-sent 59; reorg 20 25; wait-sent 64; mine 40",
            "across batches": "wait-sent 59; reorg 33 35; wait-sent 61; mine 40",
            "of all but the first block": "wait-sent 59; reorg 59 60; wait-sent 60; mine 40",
            "to a shorter chain": "wait-sent 59; reorg 30 12; mine 70",
            "one after the other": "wait-sent 59; reorg 3 4; wait-sent 60; reorg 3 4; wait-sent 61; reorg 3 40",
            "a deeper one while the first is answered": "wait-sent 59; reorg 4 5; reorg 45 46; wait-sent 61; mine 40",
            "before anything was sent": "reorg 30 40; reorg 20 40",
        }
        for what, script in scripts.items():
            for more in ((), ("--commit-rows", 1)):
                with self.subTest(what=what, more=more):
                    self.target = self.work / f"env {len(list(self.work.iterdir()))}"
                    server, result = self.follow(script, "--shuffle", more=more)
                    self.assert_canonical(server)
                    if more and what not in ("before anything was sent",):
                        self.assertGreater(result["metadata"]["rows_undone"], 0, "the rows were there before")
                    if more:
                        self.assertEqual(result["metadata"]["rows_undone"],
                                         result["rows_loaded"] - len(self.stored()))
                    server.end()

    def test_the_forms_of_a_microbatch(self):
        script = "wait-sent 59; reorg 7 9; wait-sent 61; mine 30"
        for form in (("--rows-on-completion",), ("--leading-empty",), ("--row-messages", 4), ("--break-off",),
                     ("--max-blocks", 1), ("--max-blocks", 1000), ("--rows-per-block", 0), ("--strict",),
                     ("--row-messages", 3, "--leading-empty", "--rows-on-completion", "--shuffle"),
                     ("--keep-alive", 1), ("--text-bytes", 20_000)):
            with self.subTest(form=form):
                self.target = self.work / f"env {len(list(self.work.iterdir()))}"
                server, _ = self.follow(script, *form)
                if form[0] == "--rows-per-block":
                    self.assertEqual(self.rows("logs"), [])
                else:
                    self.assert_canonical(server)
                self.assertEqual(self.checkpoint()["highest_end"], {"mainnet": head_after(script, 60)})
                server.end()

    def test_a_server_that_goes_away_ends_and_falls_silent(self):
        script = "wait-sent 39; down 200; wait-sent 59; disconnect; mine 20; wait-sent 79; end; mine 20; disconnect"
        again = "mine 20" + "; sleep 200; disconnect" * 100
        for faults, script in (((), script), (("disconnect@3*",), script), (("end@3*",), script),
                               (("stall@4",), again), (("nothing-yet@3",), script),
                               (("refuse@1", "refuse@2"), script), (("repeat@2",), script)):
            with self.subTest(faults=faults):
                self.target = self.work / f"env {len(list(self.work.iterdir()))}"
                words = [word for fault in faults for word in ("--fault", fault)]
                server, result = self.follow(script, *words)
                self.assert_canonical(server)
                self.assertGreater(result["metadata"]["reconnects"], 0)
                server.end()

    def test_several_networks(self):
        script = ("wait-sent two 59; reorg one 9 12; reorg two 3 6; wait-sent two 62; reorg two 25 25; wait-sent one 62;"
                  "reorg one 1 1; mine one 30; mine two 30")
        server = self.serve("--network", "one", "--network", "two", "--blocks", 60, "--script", script)
        self.assertEqual({head_after(script, 60, network) for network in ("one", "two")}, {92})
        self.streamed(server, "--until", 92, "--commit-interval", "50ms")
        self.assert_canonical(server)
        self.assertEqual(self.checkpoint()["highest_end"], {"one": 92, "two": 92})
        self.assertEqual({row["network"] for row in self.stored()}, {"one", "two"})

    def test_commits_of_one_row_and_ranges_of_blocks(self):
        script = "wait-sent 59; reorg 5 9; wait-sent 63; mine 20"
        server, result = self.follow(script, more=("--commit-rows", 1, "--block-ranges"))
        self.assert_canonical(server)
        self.assertGreaterEqual(result["metadata"]["commits"], result["metadata"]["batches"])
        batches = collections.defaultdict(set)
        for row in self.rows("logs"):
            ranges = json.loads(row["_amp_block_ranges"])
            self.assertEqual([one["network"] for one in ranges], ["mainnet"])
            self.assertTrue(any(one["start"] <= row["block_num"] <= one["end"] for one in ranges), (row, ranges))
            batches[row["_amp_batch_id"]].add(row["_amp_block_ranges"])
        self.assertGreater(len(batches), 3)
        self.assertTrue(all(len(texts) == 1 for texts in batches.values()), batches)

    def test_an_upsert_keeps_the_newest_row_of_each_key_on_the_chain(self):
        script = ("wait-sent 59; reorg 5 6; wait-sent 60; reorg 30 31; wait-sent 61; mine 5; wait-sent 66; reorg 8 3;"
                  "mine 30")
        for order in ((), ("--order-by", "block_num")):
            with self.subTest(order=order):
                self.target = self.work / f"env {len(list(self.work.iterdir()))}"
                server, _ = self.follow(script, "--shuffle", "--max-blocks", 4,
                                        more=("--mode", "upsert", "--key", "log_index", *order))
                self.assert_newest(server)
                server.end()

    def test_a_load_of_the_same_query_has_the_same_rows(self):
        server = self.serve("--blocks", 80, "--row-messages", 3)
        self.streamed(server, "--until", 79)
        streamed = self.stored()
        done = self.command("load", QUERY, "--from", server.address, "--to", f"lmdb:{self.target}", "--table", "loaded")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.stored("loaded"), streamed)
        self.assert_canonical(server)
        self.assertNotIn("_amp_batch_id", self.rows("loaded")[0])

    def test_a_token_and_tls(self):
        key, certificate = self.work / "key.pem", self.work / "certificate.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate,
                        "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"],
                       check=True, capture_output=True)
        server = self.serve("--tls-cert", certificate, "--tls-key", key, "--token", "sesame", "--blocks", 30)
        address = f"amp+tls://127.0.0.1:{server.port}"
        (self.work / "token").write_text("sesame\n")
        for token in ("sesame", f"${{file:{self.work}/token}}"):
            with self.subTest(token=token):
                self.target = self.work / f"env {len(token)}"
                self.streamed(address, "--token", token, "--tls-roots", certificate, "--until", 29)
                self.assert_canonical(server)
        self.target = self.work / "env by variable"
        process = self.start(address, "--tls-roots", certificate, "--until", 29,
                             environment={"AMP_AUTH_TOKEN": "sesame"})
        self.assertEqual(self.ended(process), 0, self.said(process))
        self.assert_canonical(server)

    def test_columns_may_be_left_out_cast_and_renamed(self):
        server = self.serve("--blocks", 30, "--script", "wait-sent 29; reorg 4 5; wait-sent 30; mine 10")
        self.streamed(server, "--until", 40, "--exclude", "text,block_hash", "--rename", "value:amount",
                      "--cast", "block_num:int64", "--table", "few")
        expected = [{"block_num": row["block_num"], "log_index": row["log_index"], "network": row["network"],
                     "amount": row["value"]} for row in by_block(server.rows())]
        self.assertEqual(self.stored("few"), expected)
        self.assertIn(("block_num", "int64"), self.columns("few"))


class GoesOn(StreamCase):
    def test_a_stop_is_clean_and_the_next_start_goes_on(self):
        server = self.serve("--blocks", 60, "--script", "wait-sent 59; mine 1")
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(signal=number):
                self.target = self.work / f"env {number}"
                # No commit falls due by itself: what the table has, the stop has committed.
                never = ("--commit-interval", "1h", "--commit-rows", 10**9, "--commit-bytes", "1GiB", "--memory", "8GiB")
                process = self.begun(server, *never, "--json", "-v")
                self.wait_for(lambda: "waits for its commit" in self.said(process), "a batch has come")
                self.assert_stops(process, number)
                result = json.loads(process.out.read_text())
                self.assertEqual((result["success"], result["metadata"]["stopped"]), (True, True))
                rows = self.stored()
                self.assertGreater(len(rows), 0)
                self.assertEqual(result["rows_loaded"], len(rows))
                end = self.checkpoint()["highest_end"]["mainnet"]
                self.assertEqual(rows, [row for row in by_block(server.rows()) if row["block_num"] <= end])
                again = result_of(self.streamed(server, "--until", 60, "--json"))
                self.assert_canonical(server)
                self.assertEqual(again["rows_loaded"], len(self.stored()) - len(rows))
                nothing = result_of(self.streamed(server, "--until", 60, "--json"))
                self.assertEqual(nothing["rows_loaded"], 0)
                self.assert_canonical(server)

    def test_a_stream_that_is_done_takes_a_killed_ones_early_rows_back(self):
        server = self.serve("--blocks", 4, "--rows-per-block", 200000, "--exactly", "--max-blocks", 1,
                            "--row-messages", 16)
        short = ("--memory", "32MiB")
        self.streamed(server, "--until", 1, *short)
        before = len(self.stored())
        process = self.start(server, "--until", 3, *short, fault="stream.commit.before:1")
        self.assertEqual(self.ended(process), -signal.SIGKILL, self.said(process))
        self.assertGreater(self.inspected("logs")["row_count"], before)
        self.assertIn("rows are there ahead of their commit", self.inspected("logs")["checkpoints"][0]["unfinished"])
        server.end()  # nothing more is asked of it
        self.streamed(server, "--until", 1, *short)
        self.assertEqual(self.inspected("logs")["row_count"], before)
        self.assertEqual(self.inspected("logs")["checkpoints"][0]["unfinished"], "")

    def test_stops_and_reorganisations_in_turn(self):
        """What the chain took back while nobody looked goes away at the next start."""
        dice = random.Random(SEED)
        steps = 6
        script = ";".join(f"wait-sent {40 + 2 * number}; sleep 30; reorg {1 + 7 * number} {3 + 7 * number}"
                          for number in range(steps))
        server = self.serve("--blocks", 41, "--script", script, "--max-blocks", 6)
        for _ in range(steps):
            process = self.begun(server, "--commit-interval", "10ms")
            time.sleep(dice.uniform(0, 0.3))  # any instant will do
            self.assert_stops(process)
        self.streamed(server, "--until", 40 + 2 * steps)
        self.assert_canonical(server)

    def test_kills_cost_nothing_and_double_nothing(self):
        self.kill_until_the_end(kills=40, script=restless(15))

    def test_kills_of_an_upsert(self):
        self.kill_until_the_end("--mode", "upsert", "--key", "log_index", kills=25, script=restless(15), blocks=40,
                                serving=("--max-blocks", 5, "--rows-per-block", 9), expected=newest)

    def test_kills_with_two_networks(self):
        script = ";".join("mine one 4; mine two 4; sleep 60; reorg one 3 4; sleep 50; reorg two 6 7; sleep 30"
                          for _ in range(12)) + "; mine one 40; mine two 40"
        self.kill_until_the_end(kills=25, script=script, blocks=40, network="one",
                                serving=("--network", "one", "--network", "two", "--max-blocks", 5))

    def test_overwrite_replaces_once_and_appends_from_then_on(self):
        old = self.serve("--blocks", 10, "--seed", 7)
        self.command("load", QUERY, "--from", old.address, "--to", f"lmdb:{self.target}", "--table", "logs")
        self.assertGreater(len(self.stored()), 0)
        server = self.serve("--blocks", 40, "--script", "wait-sent 39; reorg 3 23; wait-sent 59; mine 20")
        for until in (39, 59, 79):
            self.streamed(server, "--mode", "overwrite", "--until", until)
        self.assert_canonical(server)

    def test_a_replaced_server_is_noticed_by_its_hashes_alone(self):
        """The server comes back with another chain altogether, within what can be taken back."""
        first = self.serve("--blocks", 30, "--seed", 1)
        self.streamed(first, "--until", 29)
        second = self.serve("--blocks", 50, "--seed", 2)
        done = self.stream(second, "--until", 49)
        self.assertIn(done.returncode, (0, 1), done.stderr)
        if done.returncode == 0:
            self.assert_canonical(second)
        else:
            self.assert_canonical(first)


class Shows(StreamCase):
    def test_inspect_shows_where_the_stream_is(self):
        server = self.serve("--blocks", 60, "--script", "wait-sent 59; reorg 5 9")
        self.streamed(server, "--until", 63, "--pipeline", "mine")
        checkpoint = self.checkpoint()
        self.assertEqual((checkpoint["pipeline"], checkpoint["highest_end"]), ("mine", {"mainnet": 63}))
        self.assertEqual(checkpoint["rows_total"], len(self.stored()))
        self.assertGreater(checkpoint["ladder_entries"], 1)
        text = self.command("inspect", f"lmdb:{self.target}", "--table", "logs").stdout
        for word in ("mine", "63", "mainnet"):
            self.assertIn(word, text)

    def test_the_last_line_says_what_was_done(self):
        server = self.serve("--blocks", 20)
        done = self.streamed(server, "--until", 19)
        self.assertRegex(done.stdout, r"^logs: [0-9]+ rows in 1 batch(es)?, up to block 19 of mainnet, .*\n$")
        self.assertEqual(done.stderr, "")
        quiet = self.streamed(server, "--until", 19, "--quiet")
        self.assertEqual((quiet.stdout, quiet.stderr), ("", ""))

    def test_rows_that_were_taken_back_by_hand_come_again(self):
        server = self.serve("--blocks", 60)
        self.streamed(server, "--until", 59)
        undone = self.command("undo", f"lmdb:{self.target}", "--table", "logs", "--from-block", 30)
        self.assertEqual(undone.returncode, 0, undone.stderr)
        self.assertLess(len(self.stored()), len(server.rows()))
        self.streamed(server, "--until", 59)
        self.assert_canonical(server)


if __name__ == "__main__":
    unittest.main()
