"""What a stream into LMDB costs, in one run:

    engine     the same batches by `load` and as a stream, in one process, interleaved
    undo       a reorganisation of 10 blocks in tables of 10^4, 10^5 and 10^6 rows: from the message that brings the
               other blocks to the commit that holds them
    restart    from the start of a process, after SIGKILL in the middle, to its first committed rows
    stall      memory of a stream of large messages whose store lets nobody write for a while
"""

import argparse
import json
import os
import pathlib
import shutil
import signal
import statistics
import subprocess
import threading
import time

import lmdb

import measured_run

QUERY = "SELECT * FROM eth.rows"


def said(*command):
    return json.loads(subprocess.run([str(word) for word in command], check=True, stdout=subprocess.PIPE).stdout)


class Server:
    """`ampload-testserver serve`, ended by its id."""

    def __init__(self, bin_folder, folder, *options):
        port_file = folder / "port"
        port_file.unlink(missing_ok=True)
        self.process = subprocess.Popen([bin_folder / "ampload-testserver", "serve", "--port-file", port_file,
                                         *map(str, options)], stdout=subprocess.DEVNULL)
        while not port_file.exists() or not port_file.read_text().strip():
            if self.process.poll() is not None:
                raise SystemExit("bench: the test server did not start")
            time.sleep(0.01)
        self.address = f"amp://127.0.0.1:{port_file.read_text().strip()}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


class Bench:
    def __init__(self, arguments):
        self.bin = pathlib.Path(arguments.bin)
        self.folder = pathlib.Path(arguments.folder)
        self.rounds = arguments.rounds
        self.stall_seconds = arguments.stall
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)

    def engine(self):
        subprocess.run([self.bin / "ampload-testserver", "chain", "--out", self.folder, "--blocks", "40"], check=True,
                       stdout=subprocess.DEVNULL)
        data = os.environ.get("AMPLOAD_REAL_DATA")
        logs = pathlib.Path(data) / "ethereum_logs.parquet" if data else self.folder / "logs.parquet"
        rows = self.folder / "scaled.parquet"
        subprocess.run([self.bin / "ampload-testserver", "scale", "--from", logs, "--rows", "500000", "--out", rows],
                       check=True, stdout=subprocess.DEVNULL)
        runs = [said(self.bin / "stream_engine", "overhead", rows, self.folder) for _ in range(self.rounds)]
        ratio = statistics.median(run["stream_seconds"] for run in runs) / \
            statistics.median(run["load_seconds"] for run in runs)
        print(f"engine   {runs[0]['rows']:,} log rows: {ratio:.2f} x the time of a file load of the same batches "
              f"(aim at most 1.10: {met(ratio <= 1.1)}); medians of {self.rounds}, {runs[0]['commits']} commits "
              f"against one")

    def undo(self):
        sizes = [10_000, 100_000, 1_000_000]
        medians = []
        for size in sizes:
            run = said(self.bin / "stream_engine", "undo", size, self.folder / "undo")
            medians.append(run["median_ms"])
            print(f"undo     10 blocks of a table of {size:>9,} rows: {run['median_ms']:.1f} ms, at most "
                  f"{run['slowest_ms']:.1f} ms ({run['reorgs']} times)")
        ratio = medians[-1] / medians[0]
        print(f"         {ratio:.2f} x from the smallest to the largest (aim at most 1.5: {met(ratio <= 1.5)})")

    def stream(self, server, target, *options):
        return [self.bin / "ampload", "stream", QUERY, "--from", server.address, "--to", f"lmdb:{target}", "--key",
                "network,block_num,log_index", "-q", *options]

    def restart(self):
        seconds = []
        for _ in range(self.rounds):
            target = self.folder / "restart"
            shutil.rmtree(target, ignore_errors=True)
            with Server(self.bin, self.folder, "--blocks", 400_000, "--rows-per-block", 5, "--max-blocks", 1000) as server:
                first = subprocess.Popen(self.stream(server, target))
                wait_for(lambda: row_count(target) > 10_000)
                first.send_signal(signal.SIGKILL)
                first.wait()
                before = row_count(target)
                start = time.monotonic()
                second = subprocess.Popen(self.stream(server, target))
                wait_for(lambda: row_count(target) > before)
                seconds.append(time.monotonic() - start)
                second.terminate()
                second.wait()
        print(f"restart  first new rows {statistics.median(seconds):.2f} s after the start that follows SIGKILL, at most "
              f"{max(seconds):.2f} s (aim 2 s: {met(max(seconds) <= 2)}); {self.rounds} times")

    def stall(self):
        target = self.folder / "stall"
        budget = 256 << 20
        with Server(self.bin, self.folder, "--blocks", 4000, "--rows-per-block", 40, "--exactly", "--text-bytes", 20_000,
                    "--max-blocks", 10) as server:
            process = subprocess.Popen(self.stream(server, target))
            peaks = {"VmHWM": 0, "RssAnon": 0}
            watcher = threading.Thread(target=measured_run.watch_memory, args=(process.pid, peaks))
            watcher.start()
            wait_for(lambda: row_count(target) > 0)
            environment = lmdb.open(str(target), map_size=1 << 36, max_dbs=16)
            holder = environment.begin(write=True)  # nobody else writes from here on
            held = environment.stat()["entries"], environment.info()["last_txnid"]
            time.sleep(self.stall_seconds)
            if (environment.stat()["entries"], environment.info()["last_txnid"]) != held:
                raise SystemExit("bench: somebody wrote meanwhile")
            holder.abort()
            environment.close()  # a process may open an environment once only
            before = row_count(target)
            wait_for(lambda: row_count(target) > before)
            process.terminate()
            process.wait()
            watcher.join()
        ratio = peaks["RssAnon"] / budget
        print(f"stall    anonymous memory at most {peaks['RssAnon'] / 2**20:.0f} MiB, {ratio:.2f} x of --memory, with 8 MB "
              f"messages and a store that stood still for {self.stall_seconds} s (aim at most 1: {met(ratio <= 1)})")


def met(is_met):
    return "met" if is_met else "MISSED"


def wait_for(condition, seconds=120):
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise SystemExit("bench: what was waited for did not come")
        time.sleep(0.01)


def row_count(target):
    if not (target / "data.mdb").exists():
        return 0
    try:
        with lmdb.open(str(target), readonly=True, max_dbs=16, lock=False) as environment:
            with environment.begin() as transaction:
                return transaction.stat(environment.open_db(b"rows", transaction, create=False))["entries"]
    except lmdb.Error:  # no such table as yet
        return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default="build/ci/bin")
    parser.add_argument("--folder", default="build/bench/stream", help="folder on a disk; what it holds is removed")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--stall", type=int, default=60, help="seconds")
    bench = Bench(parser.parse_args())
    print(f"stream into lmdb, on {os.cpu_count()} cores")
    bench.engine()
    bench.undo()
    bench.restart()
    bench.stall()


if __name__ == "__main__":
    main()
