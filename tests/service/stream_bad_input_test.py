"""ampload stream where something is wrong: a server that breaks its protocol, a place that cannot be gone on from,
another writer, a store that is full. Each is told by what it is, and nothing is changed that should not be."""

import http.server
import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
import unittest

import lmdb
import pyarrow.parquet as pq

from command import pairs, result_of, wait_until_stopped
from disk_test import enter_namespace
from stream_case import QUERY, StreamCase, by_block

BLOCKS = 60  # in microbatches of 20


class ServerBreaksTheProtocol(StreamCase):
    FAULTS = {  # at the third message: the first of the second microbatch
        "no-metadata": "rows came without block ranges",
        "not-json": "not valid JSON",
        "deep-json": "amp: message metadata",
        "missing-fields": "amp: message metadata",
        "wrong-types": "amp: message metadata",
        "two-ranges": "two ranges of one network",
        "other-network": "other networks",
        "start-after-end": "ends before it starts",
        "no-prev-hash": "no prev_hash",
        "gap": "blocks are missing between two ranges",
        "never-complete": "before the one at hand was complete",
        "rows-without-ranges": "rows came without block ranges",
    }

    def test_each_fault_has_an_error_of_its_own_and_leaves_what_was_whole(self):
        for fault, says in self.FAULTS.items():
            with self.subTest(fault=fault):
                self.target = self.work / f"env {fault}"
                server = self.serve("--blocks", BLOCKS, "--fault", f"{fault}@3")
                done = self.stream(server, "--until", BLOCKS - 1)
                self.assert_said(done, 1, says)
                rows = self.stored()
                self.assertIn(rows, ([], [row for row in by_block(server.rows()) if row["block_num"] < 20]))
                self.streamed(server, "--until", BLOCKS - 1)  # the fault was once
                self.assert_canonical(server)
                server.end()

    def test_the_first_message_of_a_resumed_stream(self):
        """What is committed stays as it is, to the byte, but for who was there last."""
        for fault, says in [*self.FAULTS.items(), ("cursor-ignored", "the server left the cursor aside")]:
            with self.subTest(fault=fault):
                self.target = self.work / f"env {fault}"
                first = self.serve("--blocks", 40)
                self.streamed(first, "--until", 39)
                before = pairs(self.target, "logs"), self.checkpoint()["highest_end"]
                server = self.serve("--blocks", BLOCKS + 20, "--fault", f"{fault}@1*")
                self.assert_said(self.stream(server, "--until", BLOCKS + 19), 1, says)
                self.assertEqual((pairs(self.target, "logs"), self.checkpoint()["highest_end"]), before)
                first.end()
                server.end()

    def test_what_is_committed_and_comes_again_is_left_aside(self):
        """A server that begins a resumed stream with the newest batch once more."""
        first = self.serve("--blocks", 40)
        self.streamed(first, "--until", 39)
        before = pairs(self.target, "logs")
        server = self.serve("--blocks", BLOCKS + 20, "--fault", "cursor-behind@1*")
        self.streamed(server, "--until", BLOCKS + 19)
        self.assert_canonical(server)
        self.assertEqual(pairs(self.target, "logs")[:len(before)], before)

    def test_hashes_that_never_fit_end_at_the_last_block_that_can_be_taken_back(self):
        """A server whose every stream begins with a wrong prev_hash takes everything back that it can."""
        first = self.serve("--blocks", BLOCKS)
        self.streamed(first, "--until", BLOCKS - 1, "--retention-blocks", 25)
        before = pairs(self.target, "logs")
        server = self.serve("--blocks", BLOCKS + 20, "--fault", "wrong-prev-hash@1*")
        done = self.stream(server, "--until", BLOCKS + 19, "--retention-blocks", 25)
        self.assert_said(done, 1, "is final here", "--reset-pipeline", "network=mainnet")
        self.assertEqual([pair for pair in pairs(self.target, "logs") if pair not in before], [])

    def test_a_reorganisation_below_what_is_kept_names_the_block_and_what_to_do(self):
        server = self.serve("--blocks", BLOCKS, "--script", "wait-sent 59; reorg 45 50; wait-sent 64; mine 1")
        done = self.stream(server, "--until", 65, "--retention-blocks", 20, "--commit-rows", 1)
        self.assert_said(done, 1, "the chain takes back more than can be undone", "is final here", "block ",
                         "--reset-pipeline", "--retention-blocks", "table=logs", "network=mainnet")
        rows = self.stored()
        self.assertEqual(len({(row["block_num"], row["log_index"]) for row in rows}), len(rows))
        again = self.stream(server, "--until", 65, "--retention-blocks", 20)
        self.assert_said(again, 1, "is final here")
        self.assertEqual(self.stored(), rows)
        self.streamed(server, "--until", 65, "--retention-blocks", 100, "--reset-pipeline")
        self.assert_canonical(server)


class PlaceOfTheStream(StreamCase):
    def setUp(self):
        super().setUp()
        self.server = self.serve("--blocks", BLOCKS)

    def halfway(self, *more):
        self.streamed(self.server, "--until", 39, "--pipeline", "mine", *more)
        return self.everything()

    def catalog(self, change):
        """`change` gets a transaction on the catalog, and the environment."""
        with lmdb.open(str(self.target), max_dbs=64) as environment:
            database = environment.open_db(b"__ampload__", create=False)
            with environment.begin(db=database, write=True) as transaction:
                change(transaction, environment)

    def with_checkpoint(self, change):
        key = b"checkpoint/logs\0mine"

        def rewrite(transaction, _):
            value = change(transaction.get(key))
            self.assertTrue(transaction.put(key, value))
        self.catalog(rewrite)
        return self.everything()

    def goes_wrong(self, *texts, status=1, more=()):
        before = self.everything()
        done = self.stream(self.server, "--until", BLOCKS - 1, "--pipeline", "mine", *more)
        self.assert_said(done, status, *texts)
        self.assertEqual(self.everything(), before, "nothing was changed")
        return done

    def starts_anew(self):
        self.streamed(self.server, "--until", BLOCKS - 1, "--pipeline", "mine", "--reset-pipeline")
        self.assert_canonical(self.server)

    def test_a_checkpoint_of_a_newer_version(self):
        self.halfway()
        self.with_checkpoint(lambda value: json.dumps(dict(json.loads(value), version=99)).encode())
        self.goes_wrong("written by a newer ampload", "version=99")

    def test_a_damaged_checkpoint(self):
        self.halfway()
        whole = None

        def keep(value):
            nonlocal whole
            whole = value
            return value
        self.with_checkpoint(keep)
        damages = {
            "cut": whole[:len(whole) // 2],
            "empty": b"",
            "no JSON": b"\xff" * 40,
            "a list": b"[]",
            "no ladder": json.dumps({k: v for k, v in json.loads(whole).items() if k != "ladder"}).encode(),
            "text as number": json.dumps(dict(json.loads(whole), sequence="7")).encode(),
            "ladder of texts": json.dumps(dict(json.loads(whole), ladder=["a"])).encode(),
            "negative rows": json.dumps(dict(json.loads(whole), rows_total=-5)).encode(),
        }
        for what, value in damages.items():
            with self.subTest(what=what):
                self.with_checkpoint(lambda _, value=value: value)
                self.goes_wrong("checkpoint", "damaged")

    def test_a_ladder_that_makes_no_sense(self):
        self.halfway()
        self.with_checkpoint(lambda value: json.dumps(dict(json.loads(value), ladder=[
            dict(one, ranges=[]) for one in json.loads(value)["ladder"]])).encode())
        self.goes_wrong("checkpoint", "damaged")

    def test_a_checkpoint_whose_table_is_gone(self):
        self.halfway()

        def drop(transaction, environment):
            for name in (b"table/logs", b"schema/logs"):
                self.assertTrue(transaction.delete(name))
            transaction.drop(environment.open_db(b"logs", transaction, create=False))
        self.catalog(drop)
        self.goes_wrong("has a checkpoint, but its table is gone", "table=logs", "pipeline=mine")
        self.starts_anew()

    def test_a_checkpoint_of_another_table(self):
        self.halfway()
        self.with_checkpoint(lambda value: json.dumps(dict(json.loads(value), table_identity="0" * 32)).encode())
        self.goes_wrong("has a checkpoint, but its table is another one now", "table=logs", "pipeline=mine")
        self.starts_anew()

    def test_a_changed_query_is_explained_and_reset_begins_anew(self):
        self.halfway()
        before = self.everything()
        other = 'SELECT * FROM "_/eth_rpc".logs WHERE true'
        done = self.stream(self.server, "--until", BLOCKS - 1, "--pipeline", "mine", query=other)
        self.assert_said(done, 2, "began with another query", "--reset-pipeline", "table=logs", "pipeline=mine")
        self.assertEqual(self.everything(), before)
        fresh = self.serve("--blocks", BLOCKS, "--seed", 9)
        self.streamed(fresh, "--until", BLOCKS - 1, "--pipeline", "mine", "--reset-pipeline", query=other)
        self.assert_canonical(fresh)
        self.assertEqual(self.checkpoint()["highest_end"], {"mainnet": BLOCKS - 1})
        self.assert_said(self.stream(self.server, "--until", 1, "--pipeline", "mine"), 2, "began with another query")

    def test_a_reset_that_is_killed_before_its_first_commit(self):
        self.halfway()
        rows = pairs(self.target, "logs")
        fresh = self.serve("--blocks", BLOCKS, "--seed", 9)
        other = 'SELECT * FROM "_/eth_rpc".logs WHERE true'
        words = ("--until", BLOCKS - 1, "--pipeline", "mine", "--reset-pipeline")
        for fault in ("stream.connect:1", "lmdb.open_load.after_commit:1", "stream.commit.before:1"):
            with self.subTest(fault=fault):
                process = self.start(fresh, *words, query=other, fault=fault)
                self.assertEqual(self.ended(process), -signal.SIGKILL, self.said(process))
                self.assertEqual(pairs(self.target, "logs"), rows, "the old rows are there until the first commit")
        self.streamed(fresh, *words, query=other)
        self.assert_canonical(fresh)

    def test_a_reset_that_is_killed_right_after_its_first_commit_goes_on(self):
        self.halfway()
        fresh = self.serve("--blocks", BLOCKS, "--seed", 9)
        words = ("--until", BLOCKS - 1, "--pipeline", "mine", "--commit-rows", 1)
        process = self.start(fresh, *words, "--reset-pipeline", fault="stream.commit.after:1")
        self.assertEqual(self.ended(process), -signal.SIGKILL, self.said(process))
        self.streamed(fresh, *words)
        self.assert_canonical(fresh)

    def test_a_derived_name_meets_another_pipelines_table(self):
        self.halfway()
        before = self.everything()
        done = self.stream(self.server, "--until", BLOCKS - 1)
        self.assert_said(done, 2, "another pipeline writes this table", "mine", "--pipeline", "--add-pipeline",
                         "table=logs")
        self.assertEqual(self.everything(), before)
        self.streamed(self.server, "--until", BLOCKS - 1, "--add-pipeline")
        self.assertEqual(len(self.inspected("logs")["checkpoints"]), 2)
        self.streamed(self.server, "--until", BLOCKS - 1, "--pipeline", "third")
        self.assertEqual(len(self.inspected("logs")["checkpoints"]), 3)
        rows = by_block(self.server.rows())
        twice = [row for row in rows for _ in range(3 if row["block_num"] < 40 else 2)]
        self.assertEqual(self.stored(), twice)

    def test_a_pipeline_that_is_no_stream(self):
        self.halfway()
        self.with_checkpoint(lambda value: json.dumps(dict(json.loads(value), retention_blocks=0)).encode())
        self.goes_wrong("is no stream", "--pipeline", status=2)

    def test_the_older_of_two_stops_with_status_4_at_its_next_commit(self):
        script = "wait-sent 59" + "; sleep 100; mine 1" * 40
        server = self.serve("--blocks", BLOCKS, "--script", script)
        more = ("--pipeline", "mine", "--commit-interval", "10ms")
        older = self.start(server, *more, "--json")
        self.wait_for(lambda: self.rows("logs"), "the older one has rows")
        newer = self.start(server, *more, "--until", BLOCKS + 39)
        done = self.finished(older)
        self.assert_said(done, 4, "another writer took over", "table=logs", "pipeline=mine", f"process {newer.pid} ")
        self.assertIn("took over", result_of(done)["error"])
        self.assertEqual(self.ended(newer), 0, self.said(newer))
        self.assert_canonical(server)

    def test_one_that_stood_still_while_another_took_over(self):
        words = ("--pipeline", "mine", "--until", BLOCKS - 1, "--commit-rows", 1)
        for point in ("stream.commit.before:2", "stream.commit.after:1", "lmdb.commit.begin:2"):
            with self.subTest(point=point):
                self.target = self.work / f"env {point}"
                older = self.start(self.server, *words, fault=f"{point}:stop")
                wait_until_stopped(older)
                self.streamed(self.server, *words)
                self.assert_canonical(self.server)
                older.send_signal(signal.SIGCONT)
                done = self.finished(older)
                self.assert_said(done, 4, "another writer took over", "pipeline=mine", "by=")
                self.assert_canonical(self.server)

    def test_a_changed_schema(self):
        self.halfway()
        before = self.everything()
        wider = self.serve("--blocks", BLOCKS, "--extra-column", "fee")
        done = self.stream(wider, "--until", BLOCKS - 1, "--pipeline", "mine")
        self.assert_said(done, 2 if done.returncode == 2 else 1, "fee", "--on-schema-change evolve", "table=logs")
        self.assertEqual(self.everything(), before)
        self.streamed(wider, "--until", BLOCKS - 1, "--pipeline", "mine", "--on-schema-change", "evolve")
        self.assertIn(("fee", "int64"), self.columns("logs"))
        expected = [dict(row) for row in by_block(wider.rows())]
        for row in expected:
            if row["block_num"] < 40:
                del row["fee"]
        self.assertEqual(self.stored(), expected)


class ServerRefuses(StreamCase):
    def test_a_token_that_is_refused_and_shown_nowhere(self):
        server = self.serve("--token", "sesame", "--blocks", 20)
        for token, says in (("wrong-token-1234", "refused the token"), (None, "wants a token")):
            for more in ((), ("--json",), ("-vv",), ("--log-format", "json")):
                with self.subTest(token=token, more=more):
                    words = ("--token", token) if token else ()
                    done = self.stream(server, "--until", 19, *words, *more)
                    self.assertEqual(done.returncode, 2, done.stderr)
                    self.assertIn(says, done.stderr)
                    self.assertIn("AMP_AUTH_TOKEN", done.stderr)
                    self.assertNotIn("wrong-token-1234", done.stderr + done.stdout)
        process = self.start(server, environment={"AMP_AUTH_TOKEN": "wrong-token-1234"})
        self.assertEqual(self.ended(process), 2)
        self.assertNotIn("wrong-token-1234", self.said(process))
        self.assertIsNone(self.rows("logs"))

    def test_a_server_that_is_not_there(self):
        with socket.socket() as taken:  # bound, not listening: nobody answers there
            taken.bind(("127.0.0.1", 0))
            address = f"amp://127.0.0.1:{taken.getsockname()[1]}"
            done = self.stream(address, "--retry-for", "2s")
            self.assert_said(done, 1, "cannot be reached", address, "tried for 2 s")
            self.assertIn("trying again", done.stderr)
            patient = self.start(address)
            self.wait_for(lambda: self.said(patient).count("trying again") >= 2, "it says that it tries again")
            self.assert_stops(patient)
        self.assertIsNone(self.rows("logs"))

    def test_a_server_that_comes_late(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            port = taken.getsockname()[1]
        process = self.start(f"amp://127.0.0.1:{port}", "--until", 19)
        self.wait_for(lambda: "trying again" in self.said(process), "it tries again")
        server = self.serve("--blocks", 20, "--port", port)
        self.assertEqual(self.ended(process), 0, self.said(process))
        self.assert_canonical(server)

    def test_a_server_that_never_answers_is_left_at_once_when_asked_to(self):
        silent = socket.socket()
        self.addCleanup(silent.close)
        silent.bind(("127.0.0.1", 0))
        silent.listen()  # takes connections, and says nothing
        mute = self.serve("--blocks", 20, "--fault", "no-answer@1*")
        stalled = self.serve("--blocks", 20, "--fault", "stall@1*")
        for what in (f"amp://127.0.0.1:{silent.getsockname()[1]}", mute, stalled):
            with self.subTest(server=what):
                process = self.begun(what)
                self.assert_stops(process)
                self.assertEqual(self.rows("logs") or [], [])

    def test_giving_up_on_a_server_that_never_answers(self):
        server = self.serve("--blocks", 20, "--fault", "no-answer@1*")
        process = self.start(server, "--retry-for", "1s")
        process.wait(timeout=10)
        self.assert_said(self.finished(process), 1, server.address, "tried for 1 s")

    def test_something_that_is_no_amp_server(self):
        class Quiet(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass
        other = http.server.HTTPServer(("127.0.0.1", 0), Quiet)
        thread = threading.Thread(target=other.serve_forever)
        thread.start()
        self.addCleanup(other.server_close)
        self.addCleanup(thread.join)
        self.addCleanup(other.shutdown)
        address = f"amp://127.0.0.1:{other.server_port}"
        self.assert_said(self.stream(address, "--retry-for", "1s"), 1, address)

    def test_a_query_that_the_server_refuses(self):
        server = self.serve("--expect-query", "SELECT 1")
        done = self.stream(server, "--until", 19)
        self.assert_said(done, 2, "the server refused the query", server.address)
        self.assertIsNone(self.rows("logs"))


class Tables(StreamCase):
    def test_a_table_with_rows_of_no_batch(self):
        server = self.serve("--blocks", BLOCKS)
        done = self.command("load", QUERY, "--from", server.address, "--to", f"lmdb:{self.target}", "--table", "logs")
        self.assertEqual(done.returncode, 0, done.stderr)
        before = self.everything()
        done = self.stream(server, "--until", BLOCKS - 1)
        self.assertIn(done.returncode, (1, 2))
        self.assert_said(done, done.returncode, "_amp_batch_id", "table=logs")
        self.assertEqual(self.everything(), before)

    def test_an_empty_table_gets_the_column(self):
        server = self.serve("--blocks", BLOCKS)
        nothing = self.work / "nothing.parquet"
        pq.write_table(pq.read_schema(server.canonical).empty_table(), nothing)
        done = self.load(nothing, table="logs")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.rows("logs"), [])
        self.streamed(server, "--until", BLOCKS - 1)
        self.assert_canonical(server)
        self.assertIn(("_amp_batch_id", "int64"), self.columns("logs"))

    def test_a_query_with_a_column_of_that_name(self):
        server = self.serve("--blocks", 20, "--extra-column", "_amp_batch_id")
        done = self.stream(server, "--until", 19)
        self.assertIn(done.returncode, (1, 2))
        self.assert_said(done, done.returncode, "_amp_batch_id")
        self.assertIsNone(self.rows("logs"))

    def test_ranges_asked_for_or_not_from_start_to_start(self):
        server = self.serve("--blocks", BLOCKS)
        self.streamed(server, "--until", 39)
        done = self.stream(server, "--until", BLOCKS - 1, "--block-ranges")
        self.assertIn(done.returncode, (1, 2))
        self.assert_said(done, done.returncode, "_amp_block_ranges")
        self.streamed(server, "--until", BLOCKS - 1)
        self.assert_canonical(server)

    def test_two_rows_of_one_key(self):
        server = self.serve("--blocks", BLOCKS)
        done = self.stream(server, "--until", BLOCKS - 1, "--key", "log_index")
        self.assert_said(done, 1, "log_index", "table=logs")
        self.assertEqual(self.rows("logs") or [], [])


class StoreGoesAway(StreamCase):
    def test_a_folder_that_is_moved_and_comes_back(self):
        script = "; ".join("wait-sent %d; sleep 50; reorg 2 3" % head for head in range(19, 39))
        server = self.serve("--blocks", 20, "--script", script)
        process = self.start(server, "--until", 39, "--commit-rows", 1)
        self.wait_for(lambda: self.rows("logs"), "there are rows")
        os.rename(self.target, self.work / "elsewhere")
        time.sleep(0.3)  # any instant will do
        os.rename(self.work / "elsewhere", self.target)
        if self.ended(process) != 0:
            self.assertEqual(process.returncode, 1)
            self.assertIn(f"environment={self.target}", self.said(process))
            self.streamed(server, "--until", 39)
        self.assert_canonical(server)

    def test_a_backup_that_is_put_back(self):
        """The stream goes on from where the backup was."""
        server = self.serve("--blocks", 60, "--script", "wait-sent 59; reorg 30 31; wait-sent 60; mine 9")
        self.streamed(server, "--until", 59, "--commit-rows", 1)
        shutil.copytree(self.target, self.work / "backup")
        self.streamed(server, "--until", 69)
        self.assert_canonical(server)
        shutil.rmtree(self.target)
        shutil.copytree(self.work / "backup", self.target)
        self.streamed(server, "--until", 69)
        self.assert_canonical(server)


class WrongCommands(StreamCase):
    def test_wrong_options_are_told_before_anybody_is_asked(self):
        good = ["--from", "amp://127.0.0.1:1", "--to", f"lmdb:{self.target}"]
        cases = (
            ([QUERY, *good, "--retention-blocks", "0"], "--retention-blocks"),
            ([QUERY, *good, "--retention-blocks", "-3"], "--retention-blocks"),
            ([QUERY, *good, "--retention-blocks", "many"], "--retention-blocks"),
            ([QUERY, *good, "--commit-interval", "x"], "--commit-interval"),
            ([QUERY, *good, "--commit-interval", "-1s"], "--commit-interval"),
            ([QUERY, *good, "--commit-rows", "1.5"], "--commit-rows"),
            ([QUERY, *good, "--commit-bytes", "lots"], "--commit-bytes"),
            ([QUERY, *good, "--idle-checkpoint", "soon"], "--idle-checkpoint"),
            ([QUERY, *good, "--retry-for", "2 weeks ago"], "--retry-for"),
            ([QUERY, *good, "--until", "head"], "--until"),
            ([QUERY, *good, "--until", "-1"], "--until"),
            ([QUERY, *good, "--memory", "1MiB"], "--memory"),
            ([QUERY, *good, "--mode", "replace"], "replace"),
            ([QUERY, "--to", f"lmdb:{self.target}"], "--from"),
            ([QUERY, "--from", "http://host", "--to", f"lmdb:{self.target}"], "--from"),
            ([QUERY, "--from", "amp://user:secret@host", "--to", f"lmdb:{self.target}"], "--from"),
            ([QUERY, "--from", "amp://host", "--to", "nowhere:x"], "nowhere"),
            (["SELECT a FROM b JOIN c USING (d)", *good], "--table"),
            (["SELECT 1", *good], "--table"),
            (["", *good, "--table", "t"], "query"),
            (good, "QUERY"),
            ([QUERY, *good, "--table", "t" * 256], "table name"),
            ([QUERY, *good, "--token", "two words"], "token"),
            ([QUERY, *good, "--token", "${env:NOT_THERE_AT_ALL}"], "NOT_THERE_AT_ALL"),
            ([QUERY, *good, "--tls-roots", "/nowhere"], "--tls-roots"),
        )
        for words, says in cases:
            with self.subTest(words=words):
                done = self.command("stream", *words, *(["--retry-for", "1s"] if "--retry-for" not in words else []))
                self.assertEqual(done.returncode, 2, done.stdout + done.stderr)
                self.assertIn(says, done.stderr)
                self.assertNotIn("secret", done.stderr)
                self.assertFalse(self.target.exists())


class FullStore(StreamCase):
    def test_a_store_that_fills_up_and_is_given_room(self):
        disk = self.work / "disk"
        disk.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", disk], check=True)
        self.addCleanup(subprocess.run, ["umount", disk], check=True)
        self.target = disk / "env"
        server = self.serve("--blocks", BLOCKS, "--exactly", "--rows-per-block", 10, "--text-bytes", 50_000)  # 30 MB
        words = ("--commit-rows", 1, "--until", BLOCKS - 1, "--retry-for", "2s")
        done = self.stream(server, *words)
        self.assert_said(done, 1, "disk is full")
        end = self.checkpoint()["highest_end"]["mainnet"] if self.rows("logs") else -1
        self.assertLess(end, BLOCKS - 1)
        self.assertEqual(self.stored(), [row for row in by_block(server.rows()) if row["block_num"] <= end])
        self.assert_said(self.stream(server, *words), 1, "disk is full")
        subprocess.run(["mount", "-o", "remount,size=160m", disk], check=True)
        self.streamed(server, *words)
        self.assert_canonical(server)


if __name__ == "__main__":
    enter_namespace()
    unittest.main()
