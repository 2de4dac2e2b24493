"""Loads log rows into Redis as hashes under {table}:{block_num}:{log_index} and compares, in one run:

    ampload      `ampload load`, from the Parquet file to the commit, with its journal
    pipe         `redis-cli --pipe` of the same commands, made beforehand: what the server itself can do
    redis-py     redis-py's pipelines, from the same Parquet file
    pipeline     the same rows as a stream, with the records of how each batch is taken back; and `redis-cli --pipe` of
                 its commands
    replaced     every row once more, over itself: an upsert, which keeps what was there until it is committed; and
                 `redis-cli --pipe` of the same, which does not

and takes back batches of 1,000 rows among a million keys. The server is one of its own and keeps nothing on a disk. All
go over its Unix socket. Runs are interleaved; figures are medians.
"""

import argparse
import json
import os
import pathlib
import random
import shutil
import statistics
import subprocess
import sys
import time

import pyarrow.parquet as pq
import redis

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "tests" / "services"))

import measured_run
from redis_server import Redis
from stream_bench import Server

KEY = "block_num,log_index"
PYTHON_ROUNDS = 2  # it takes long


class Run:
    def __init__(self, seconds, cpu_seconds=None, anonymous=None):
        self.seconds, self.cpu_seconds, self.anonymous = seconds, cpu_seconds, anonymous


class Bench:
    def __init__(self, arguments):
        self.bin = pathlib.Path(arguments.bin)
        self.rows, self.rounds, self.undo_rows = arguments.rows, arguments.rounds, arguments.undo_rows
        self.folder = pathlib.Path(arguments.folder).resolve()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.server = Redis()
        self.uri = self.server.socket_uri()
        self.client = redis.Redis(unix_socket_path=str(self.server.socket))

    def make_file(self):
        """The Parquet file, and where its rows come from."""
        data = os.environ.get("AMPLOAD_REAL_DATA")
        testserver, file = self.bin / "ampload-testserver", self.folder / "scaled_logs.parquet"
        source = pathlib.Path(data) / "ethereum_logs.parquet" if data else self.folder / "logs.parquet"
        if not data:
            subprocess.run([testserver, "chain", "--out", self.folder, "--blocks", "40"], check=True,
                           stdout=subprocess.DEVNULL)
        subprocess.run([testserver, "scale", "--from", source, "--rows", str(self.rows), "--out", file], check=True,
                       stdout=subprocess.DEVNULL)
        return file, "real rows" if data else "generated rows"

    def commands_of_table(self, file, to):
        """The HSETs that make the table that is there, in the order of the file's rows, as a file for `redis-cli
        --pipe`."""
        table = pq.read_table(file, columns=KEY.split(","))
        keys = [f"logs:{block}:{index}".encode() for block, index in zip(*(column.to_pylist() for column in table))]
        with open(to, "wb") as out:
            for first in range(0, len(keys), 2000):
                pipeline = self.client.pipeline(transaction=False)
                for key in keys[first:first + 2000]:
                    pipeline.hgetall(key)
                for key, fields in zip(keys[first:first + 2000], pipeline.execute()):
                    words = [b"HSET", key, *(word for pair in fields.items() for word in pair)]
                    out.write(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words))
        return keys

    def ampload(self, file, *words):
        run = measured_run.run([self.bin / "ampload", "load", file, "--to", self.uri, "--table", "logs", "--key", KEY,
                                "--json", "-q", *words])
        return Run(run.report["duration_seconds"], run.cpu_seconds, run.anonymous)

    def pipe(self, commands):
        with open(commands, "rb") as file:
            start = time.perf_counter()
            done = subprocess.run(["redis-cli", "-s", str(self.server.socket), "--pipe"], stdin=file,
                                  capture_output=True, text=True)
            seconds = time.perf_counter() - start
        if "errors: 0" not in done.stdout:
            raise SystemExit(f"bench: redis-cli --pipe: {done.stdout}{done.stderr}")
        return Run(seconds)

    def redis_py(self, file):
        run = measured_run.run([sys.executable, HERE / "redis_py_loop.py", file, self.server.socket, "logs"])
        return Run(run.report["seconds"], run.cpu_seconds, run.anonymous)

    def stream(self, file):
        run = measured_run.run([self.bin / "stream_engine", "stream", file, self.uri])
        return Run(run.report["seconds"], run.cpu_seconds)

    def digest(self, keys):
        """Of some rows, what they hold, but for their batch; and how many there are."""
        some = random.Random(1).sample(keys, 500)
        pipe = self.client.pipeline(transaction=False)
        for key in some:  # no two streams give a row the same batch
            pipe.hdel(key, "_amp_batch_id")
        pipe.execute()
        rows = sum(1 for _ in self.client.scan_iter(match="logs:*", count=20_000))
        return rows, self.client.execute_command("DEBUG", "DIGEST-VALUE", *some)

    def measure(self, file):
        self.client.flushall()
        self.ampload(file)
        commands, with_batches = self.folder / "rows.resp", self.folder / "streamed.resp"
        keys = self.commands_of_table(file, commands)
        wanted = self.digest(keys)
        self.client.flushall()
        self.stream(file)
        self.commands_of_table(file, with_batches)
        replaced = ("--mode", "upsert")
        subjects = {  # name -> what is measured, whether the table is there before
            "ampload": (lambda: self.ampload(file), False),
            "pipe": (lambda: self.pipe(commands), False),
            "redis-py": (lambda: self.redis_py(file), False),
            "pipeline": (lambda: self.stream(file), False),
            "pipeline's pipe": (lambda: self.pipe(with_batches), False),
            "replaced": (lambda: self.ampload(file, *replaced), True),
            "replaced by pipe": (lambda: self.pipe(commands), True),
        }
        runs = {subject: [] for subject in subjects}
        for number in range(self.rounds):
            for subject, (measured, is_there) in subjects.items():
                if subject == "redis-py" and number >= PYTHON_ROUNDS:
                    continue
                self.client.flushall()
                if is_there:
                    self.ampload(file, *replaced)
                runs[subject].append(measured())
                if number == 0 and self.digest(keys) != wanted:
                    raise SystemExit(f"bench: {subject} wrote other rows than ampload")
        return {subject: medians(found, self.rows) for subject, found in runs.items()}

    def undo(self):
        self.client.flushall()
        run = subprocess.run([self.bin / "stream_engine", "undo", str(self.undo_rows), self.uri], check=True,
                             stdout=subprocess.PIPE)
        replaced = json.loads(run.stdout)
        print(f"\nundo      10 batches of 100 rows of {self.undo_rows:,} replaced by 1,000 others, to the commit: "
              f"{replaced['median_ms']:.1f} ms, at most {replaced['slowest_ms']:.1f} ms ({replaced['reorgs']} times)")
        self.client.flushall()
        blocks, taken = self.undo_rows // 1000, []
        with Server(self.bin, self.folder, "--blocks", blocks, "--rows-per-block", 1000, "--exactly", "--max-blocks",
                    1) as server:
            subprocess.run([self.bin / "ampload", "stream", "SELECT * FROM eth.rows", "--from", server.address, "--to",
                            self.uri, "--table", "rows", "--until", str(blocks - 1), "-q"], check=True)
        for number in range(5):
            start = time.perf_counter()
            subprocess.run([self.bin / "ampload", "undo", self.uri, "--table", "rows", "--from-block",
                            str(blocks - number - 1)], check=True, stdout=subprocess.DEVNULL)
            taken.append((time.perf_counter() - start) * 1000)
        empty = []
        for _ in range(5):  # a process that finds nothing to do: what it costs to begin
            start = time.perf_counter()
            subprocess.run([self.bin / "ampload", "inspect", self.uri, "--table", "rows", "--limit", "0"], check=True,
                           stdout=subprocess.DEVNULL)
            empty.append((time.perf_counter() - start) * 1000)
        left = sum(1 for _ in self.client.scan_iter(match="rows:*", count=20_000))
        if left != (blocks - 5) * 1000:
            raise SystemExit(f"bench: {left} rows are left")
        whole, begin = statistics.median(taken), statistics.median(empty)
        print(f"          a batch of 1,000 rows of {self.undo_rows:,} by `ampload undo`: {whole:.0f} ms the whole process, of "
              f"which {begin:.0f} ms are its start: {whole - begin:.0f} ms (aim 50 ms: {met(whole - begin <= 50)})")
        return {"replaced": replaced, "command_ms": taken, "start_ms": empty}


def medians(runs, rows):
    def median(read):
        values = [read(run) for run in runs]
        return None if None in values else statistics.median(values)

    seconds = median(lambda run: run.seconds)
    return {"rows_per_second": rows / seconds, "seconds": seconds, "slowest": max(run.seconds for run in runs),
            "fastest": min(run.seconds for run in runs), "cpu_seconds": median(lambda run: run.cpu_seconds),
            "anonymous": median(lambda run: run.anonymous)}


def met(ok):
    return "met" if ok else "MISSED"


def show(results):
    print(f"  {'':16} {'rows/s':>10} {'seconds':>8} {'(min..max)':>13} {'CPU s':>6} {'anonymous':>10}")
    for name, r in results.items():
        cpu = "-" if r["cpu_seconds"] is None else f"{r['cpu_seconds']:.2f}"
        memory = "-" if r["anonymous"] is None else f"{r['anonymous'] / 2**20:,.0f} MiB"
        spread = f"{r['fastest']:.2f}..{r['slowest']:.2f}"
        print(f"  {name:16} {r['rows_per_second']:>10,.0f} {r['seconds']:>8.2f} {spread:>13} {cpu:>6} {memory:>10}")


def ratio(results, subject, of, aim=None):
    value = results[subject]["rows_per_second"] / results[of]["rows_per_second"]
    print(f"  {subject} is {value:.2f} x {of}" + (f" (aim {aim}: {met(value >= aim)})" if aim else ""))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default="build/ci/bin", help="folder of ampload, ampload-testserver and stream_engine")
    parser.add_argument("--folder", default="build/bench/redis", help="for the files; what it holds is removed")
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--undo-rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    bench = Bench(parser.parse_args())
    try:
        file, origin = bench.make_file()
        print(f"redis: {bench.client.info('server')['redis_version']}, {bench.rows:,} log rows, {origin}, scaled; medians "
              f"of {bench.rounds} interleaved runs on {os.cpu_count()} cores")
        results = bench.measure(file)
        show(results)
        ratio(results, "ampload", "pipe", 0.92)
        ratio(results, "ampload", "redis-py")
        ratio(results, "pipeline", "pipeline's pipe", 0.90)
        ratio(results, "replaced", "replaced by pipe")
        results["undo"] = bench.undo()
        (bench.folder / "redis.json").write_text(json.dumps(results, indent=1))
    finally:
        bench.server.end()


if __name__ == "__main__":
    main()
