"""The other side dies, or loses its last second; or a predecessor stands still, its rows on the way, and wakes up after
another has taken over. Each row is there once in the end."""

import os
import pathlib
import random
import signal
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "service"))

from redis_case import RedisCase
from stream_case import by_block

SEED = random.SystemRandom().randrange(1 << 30)
SCRIPT = "wait-sent 59; reorg 5 9; wait-sent 63; reorg 30 31; wait-sent 64; mine 30"
HEAD = 94
POINTS = ("fence.before", "fence.after", "open_load.before", "open_load.after", "journal.before", "rows.before",
          "rows.after", "commit.before", "commit.after", "undo.before", "undo.after")
POINTS_OF_UPSERTS = POINTS + ("replace.before",)


class ServerCase(RedisCase):
    def amp_server(self, script=SCRIPT):
        return self.serve("--blocks", 60, "--script", script, "--max-blocks", 7)

    def crash_and_start(self):
        self.server.crash()
        self.server.start()
        self.client = self.connect()

    def stream_through(self, harm, *mode, check=None, **options):
        """A stream for each point, stopped there while the harm is done, then on its way again: by itself, or by the
        next start."""
        check = check or self.assert_canonical
        went_on = stopped = number = 0
        for point in POINTS_OF_UPSERTS if mode else POINTS:
            for passing in (1, 4):
                number += 1
                with self.subTest(point=point, passing=passing, options=options):
                    table = f"t{number}"
                    words = ("--until", HEAD, "--commit-rows", 1, "--table", table, "--pipeline", "p", *mode)
                    amp = self.amp_server()
                    process = self.start(amp, *words, fault=f"redis.{point}:{passing}:stop", to=self.to(**options))
                    if self.has_stopped(process):
                        stopped += 1
                        harm()
                        self.goes_on(process)
                    else:  # it passes there less often
                        self.assertEqual(process.returncode, 0, self.said(process))
                    status = self.ended(process)
                    if status == 0:
                        went_on += 1
                    else:
                        self.assertEqual(status, 1, self.said(process))
                        self.streamed(amp, *words, to=self.to(**options))
                    check(amp, table)
                    self.assertEqual(self.leftovers(), [])
                    amp.end()
                    self.client.flushall()
        print(f"{stopped} of {number} streams were stopped, {went_on} ended by themselves")
        self.assertGreater(stopped, number // 2)


class TheServerCrashes(ServerCase):
    server_options = {"appendonly": "always"}

    def test_with_every_write_in_its_file(self):
        self.stream_through(self.crash_and_start)

    def test_under_a_redis_stream(self):
        self.stream_through(self.crash_and_start, structure="stream")

    def test_under_an_upsert(self):
        self.stream_through(self.crash_and_start, "--mode", "upsert", "--key", "log_index", check=self.assert_newest)


class TheLastSecondIsLost(ServerCase):
    """appendfsync everysec: up to a second of writes is not on the disk when the machine stops. Here the loss is made
    certain: the file's end is cut off at any byte, at most to where it was a commit or two ago."""
    server_options = {"appendonly": "everysec"}

    def setUp(self):
        super().setUp()
        self.dice = random.Random(SEED)

    def lose(self, least):
        """Crashes, loses what the file has behind a place from `least` on, and starts."""
        self.server.crash()
        file = self.server.append_only_file()
        size = file.stat().st_size
        os.truncate(file, self.dice.randint(min(least, size), size))
        self.server.start()
        self.client = self.connect()

    def size(self):
        return self.server.append_only_file().stat().st_size

    def rewritten(self):
        """The file begins anew, so that it stays small."""
        self.client.flushall()
        self.client.bgrewriteaof()
        self.wait_for(lambda: not any(self.client.info("persistence")[name] for name in (
            "aof_rewrite_in_progress", "aof_rewrite_scheduled")), "the file is written anew")

    def play(self, *mode, turns, check, **options):
        went_on = stopped = 0
        for turn in range(turns):
            self.rewritten()
            point = self.dice.choice(POINTS_OF_UPSERTS if mode else POINTS)
            passing = 1 if point.startswith("fence") else self.dice.randint(1, 7)
            with self.subTest(seed=SEED, turn=turn, point=point, passing=passing, options=options):
                amp = self.amp_server()
                words = ("--until", HEAD, "--commit-rows", 1, "--pipeline", "p", *mode)
                beginning = self.size()
                process = self.start(amp, *words, fault=f"redis.{point}:{passing}:stop", to=self.to(**options))
                if self.has_stopped(process):
                    stopped += 1
                    # As if the disk had been asked last at any time since the stream began, or only just before.
                    least = beginning if self.dice.random() < 0.3 else self.size() - self.dice.choice((300, 3000, 20_000))
                    self.lose(max(beginning, least))
                    self.goes_on(process)
                status = self.ended(process)
                if status == 0:
                    went_on += 1
                else:
                    self.assertIn(status, (1, 4), self.said(process))
                    self.streamed(amp, *words, to=self.to(**options))
                check(amp, "logs")
                self.assertEqual(self.leftovers(), [])
                amp.end()
        print(f"{stopped} lost seconds, {went_on} of {turns} streams went on by themselves, seed {SEED}")
        self.assertGreater(stopped, turns // 3)

    def test_under_a_stream(self):
        self.play(turns=25, check=self.assert_canonical)

    def test_under_a_redis_stream(self):
        self.play(turns=15, check=self.assert_canonical, structure="stream")

    def test_under_an_upsert(self):
        self.play("--mode", "upsert", "--key", "log_index", turns=20, check=self.assert_newest)

    def test_between_two_runs(self):
        """The stream ended well; then the server lost the last of it."""
        for turn in range(10):
            for options in ({}, {"structure": "stream"}):
                with self.subTest(seed=SEED, turn=turn, options=options):
                    self.rewritten()
                    amp = self.amp_server()
                    words = ("--until", HEAD, "--commit-rows", 1)
                    begin = self.size()
                    self.streamed(amp, *words, to=self.to(**options))
                    self.lose(begin + (self.size() - begin) // 2)
                    self.streamed(amp, *words, to=self.to(**options))
                    self.assert_canonical(amp)
                    self.assertEqual(self.leftovers(), [])
                    amp.end()

    def test_under_a_load(self):
        """It says that it failed, or that it was done and is; the next load finds a table that is whole."""
        file = self.numbers(3000, "rows.parquet", first=100)
        points = self.fault_points(lambda: self.well(file, table="undisturbed"))
        for point in points:
            with self.subTest(seed=SEED, point=point):
                self.rewritten()
                self.well(self.numbers(100, "before.parquet"))
                kept = self.size()
                process = self.stopped_at(self.start_load(file, fault=f"{point}:1:stop"))
                self.lose(kept)
                status, _, err = self.finish(process)
                self.well(self.numbers(1, "next.parquet", first=10_000))
                old, new = [*range(100), 10_000], [*range(3100), 10_000]
                if point not in ("redis.commit.after", "redis.commit.reply"):  # it was committed, and lost behind that
                    self.assertEqual(self.column() == new, status == 0, err)
                self.assertIn(self.column(), (old, new), err)
                self.assertEqual(self.leftovers(), [])


class APredecessorStandsStill(ServerCase):
    def test_it_is_fenced_wherever_it_stood(self):
        for options, mode, check in (({}, (), self.assert_canonical),
                                     ({"structure": "stream"}, (), self.assert_canonical),
                                     ({}, ("--mode", "upsert", "--key", "log_index"), self.assert_newest)):
            for point in POINTS_OF_UPSERTS if mode else POINTS:
                if point.startswith("fence"):
                    continue  # it has nothing yet, and may take over in its turn
                with self.subTest(point=point, options=options, mode=mode):
                    self.client.flushall()
                    amp = self.amp_server()
                    words = ("--until", HEAD, "--commit-rows", 1, "--pipeline", "p", *mode)
                    first = self.start(amp, *words, fault=f"redis.{point}:2:stop", to=self.to(**options))
                    if not self.has_stopped(first):
                        continue
                    self.streamed(amp, *words, to=self.to(**options))
                    check(amp, "logs")
                    self.goes_on(first)
                    self.assertEqual(self.ended(first), 4, self.said(first))
                    check(amp, "logs")
                    self.assertEqual(self.leftovers(), [])
                    amp.end()

    def test_rows_in_its_socket_come_to_nothing(self):
        """The server stands still, so the predecessor's rows fill the sockets' buffers; then the predecessor stands
        still as well, and the server goes on. Its rows are read when another has taken over, or never."""
        for turn in range(6):
            with self.subTest(turn=turn):
                self.client.flushall()
                amp = self.serve("--blocks", 60, "--rows-per-block", 400, "--exactly", "--max-blocks", 20)
                words = ("--until", 59, "--commit-rows", 8000, "--pipeline", "p")
                first = self.start(amp, *words)
                self.wait_for(lambda: self.client.exists("__ampload__:checkpoints:logs"), "it has begun")
                time.sleep(0.01 * turn)
                self.server.pause()
                time.sleep(0.2)  # so long that what it can send is sent
                first.send_signal(signal.SIGSTOP)
                self.server.resume()
                self.streamed(amp, *words)
                self.assert_canonical(amp)
                self.goes_on(first)
                self.assertIn(self.ended(first), (0, 4), self.said(first))
                self.assert_canonical(amp)
                self.assertEqual(self.leftovers(), [])
                amp.end()

    def test_a_load_that_slept(self):
        """A one-off load stands still; another load of the table finds it open, and does what it says of it."""
        for point in ("open_load.after", "rows.before", "rows.after", "commit.before"):
            for mode in ((), ("--mode", "overwrite")):
                with self.subTest(point=point, mode=mode):
                    self.client.flushall()
                    self.well(self.numbers(10, "before.parquet"))
                    first = self.start_load(self.numbers(20_000, "first.parquet", first=10), *mode,
                                            fault=f"redis.{point}:1:stop")
                    if not self.has_stopped(first):
                        continue
                    done = self.load(self.numbers(3, "second.parquet", first=50_000))
                    status, _, err = self.finish(first)
                    kept = [] if mode and status == 0 else list(range(10))
                    mine = list(range(10, 20_010)) if status == 0 else []
                    others = list(range(50_000, 50_003)) if done.returncode == 0 else []
                    if mode and status == 0 and done.returncode == 0:  # which came first?
                        self.assertIn(self.column(), (mine, mine + others), err + done.stderr)
                    else:
                        self.assertEqual(self.column(), kept + mine + others, err + done.stderr)
                    self.assertTrue(status == 0 or done.returncode == 0, err + done.stderr)
                    self.well(self.numbers(0, "nothing.parquet"))
                    self.assertEqual(self.leftovers(), [])


class ItsConnectionIsKilled(ServerCase):
    def test_a_stream_goes_on(self):
        def harm():
            for number in self.clients():
                self.client.client_kill_filter(_id=number)
        for options in ({}, {"structure": "stream"}):
            self.stream_through(harm, **options)

    def test_at_any_time(self):
        script = ";".join("mine 4; sleep 30; reorg 2 3; sleep 30; reorg 9 11; mine 7" for _ in range(12)) + "; mine 40"
        amp = self.amp_server(script)
        head = 59 + 12 * (4 + 1 + 2 + 7) + 40
        process = self.start(amp, "--until", head, "--commit-interval", "5ms")
        killed = 0
        dice = random.Random(SEED)
        while process.poll() is None and killed < 5:
            time.sleep(dice.uniform(0, 0.15))
            for number in self.clients():
                killed += self.client.client_kill_filter(_id=number)
        self.assertEqual(self.ended(process), 0, self.said(process))
        self.assertGreater(killed, 1)
        self.assertEqual(self.stored(), by_block(amp.rows()))
        self.assertEqual(self.leftovers(), [])


if __name__ == "__main__":
    unittest.main()
