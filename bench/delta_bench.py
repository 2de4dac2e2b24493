"""Loads log rows into a Delta table on a local disk and compares, in one run:

    ampload       `ampload load`, from the Parquet file to the commit: durable (fsync of files, folders, the log)
    from Arrow    the same from an uncompressed Arrow IPC file, whose rows need no decoding
    bare write    Arrow's Parquet writer alone: the same rows, ready in memory and in Delta's types, with the same options,
                  threads and fsyncs; the better of whole tables and of batches (bench/raw_parquet.cc)
    bare copy     the same writer, fed by Arrow's Parquet reader: what a load from a file is at least
    deltalake     deltalake's write of the same rows, in Delta's types, from a Parquet file; it does not fsync

and a commit at log version 10,000 against one at version 10, and a reorganisation of 10 blocks in a table of 10^7 rows
against one of 10^4. Runs are interleaved; figures are medians, those of commits and reorganisations the least of the runs' medians.
"""

import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import time

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable

HERE = pathlib.Path(__file__).resolve().parent

import measured_run
from stream_bench import Server

COMMITS = 41  # of which the first ones settle


class Run:
    def __init__(self, seconds, cpu_seconds, anonymous=None):
        self.seconds, self.cpu_seconds, self.anonymous = seconds, cpu_seconds, anonymous


class Bench:
    def __init__(self, arguments):
        self.bin = pathlib.Path(arguments.bin)
        self.rounds = arguments.rounds
        self.folder = pathlib.Path(arguments.folder).resolve()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.lake = self.folder / "lake"

    def make_file(self, rows):
        """The Parquet file, and where its rows come from."""
        data = os.environ.get("AMPLOAD_REAL_DATA")
        testserver, file = self.bin / "ampload-testserver", self.folder / f"logs_{rows}.parquet"
        source = pathlib.Path(data) / "ethereum_logs.parquet" if data else self.folder / "logs.parquet"
        if not data:
            subprocess.run([testserver, "chain", "--out", self.folder, "--blocks", "40"], check=True, stdout=subprocess.DEVNULL)
        subprocess.run([testserver, "scale", "--from", source, "--rows", str(rows), "--out", file], check=True,
                       stdout=subprocess.DEVNULL)
        return file, "real rows" if data else "generated rows"

    def fresh(self):
        shutil.rmtree(self.lake, ignore_errors=True)

    def ampload(self, file):
        self.fresh()
        run = measured_run.run([self.bin / "ampload", "load", file, "--to", f"delta:{self.lake}", "--table", "logs", "--json",
                                "-q"])
        return Run(run.report["duration_seconds"], run.cpu_seconds, run.anonymous)

    def bare(self, files):
        out = self.folder / "bare.parquet"
        out.unlink(missing_ok=True)
        run = measured_run.run([self.bin / "raw_parquet", out, *files])
        self.copies.append(Run(run.report["copy_seconds"], run.report["copy_cpu_seconds"]))
        return Run(run.report["seconds"], run.report["cpu_seconds"])

    def deltalake(self, file):
        self.fresh()
        run = measured_run.run([sys.executable, HERE / "deltalake_write.py", file, self.lake / "logs"])
        return Run(run.report["seconds"], run.report["cpu_seconds"], run.anonymous)

    def measure(self, file, rows):
        self.ampload(file)
        kept = self.folder / "kept"
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(self.lake / "logs", kept)
        files = sorted(kept.rglob("*.parquet"))
        typed = self.folder / "typed.parquet"
        with pq.ParquetWriter(typed, pq.read_schema(files[0])) as writer:
            for one in files:
                for batch in pq.ParquetFile(one).iter_batches(1 << 17):
                    writer.write_batch(batch)
        if pq.ParquetFile(typed).metadata.num_rows != rows:
            raise SystemExit("bench: rows are missing")
        arrow = self.folder / "rows.arrow"
        source = pq.ParquetFile(file)
        with pa.ipc.new_file(arrow, source.schema_arrow) as writer:
            for batch in source.iter_batches(1 << 15):
                writer.write_batch(batch)
        self.copies = []
        subjects = {"ampload": lambda: self.ampload(file), "from Arrow": lambda: self.ampload(arrow),
                    "bare write": lambda: self.bare(files), "deltalake": lambda: self.deltalake(typed)}
        runs = {subject: [] for subject in subjects}
        for _ in range(self.rounds):
            for subject, measured in subjects.items():
                runs[subject].append(measured())
                if subject != "bare write" and DeltaTable(str(self.lake / "logs")).count() != rows:
                    raise SystemExit(f"bench: {subject} wrote other rows")
        typed.unlink()
        arrow.unlink()
        runs["bare copy"] = self.copies
        return {subject: medians(found, rows) for subject, found in runs.items()}

    def commits(self, version):
        """Seconds from one commit to the next of a stream of small batches, and of a load of one row, at that version."""
        self.fresh()
        blocks = COMMITS
        with Server(self.bin, self.folder, "--blocks", blocks, "--rows-per-block", 10, "--exactly", "--max-blocks", 1) as server:
            self.stream(server, 1)
            self.pad_log(version)
            start = newest(self.lake / "rows")
            self.stream(server, blocks - 1)
            stamps = [os.stat(path).st_mtime_ns for path in entries(self.lake / "rows") if int(path.stem) > start]
        gaps = sorted((b - a) / 1e6 for a, b in zip(stamps, stamps[1:]))
        row = self.folder / "row.parquet"
        table = pq.read_table(next((self.lake / "rows").glob("*.parquet"))).slice(0, 1)
        pq.write_table(table.drop_columns([name for name in table.column_names if name.startswith("_amp_")]), row)
        loads = []
        for _ in range(7):
            run = measured_run.run([self.bin / "ampload", "load", row, "--to", f"delta:{self.lake}", "--table", "rows", "--json",
                                    "-q"])
            loads.append(run.report["duration_seconds"] * 1000)
        return {"version": start, "stream_ms": statistics.median(gaps), "stream_mean_ms": statistics.fmean(gaps),
                "load_ms": statistics.median(loads)}

    def stream(self, server, until):
        subprocess.run([self.bin / "ampload", "stream", "SELECT * FROM eth.rows", "--from", server.address, "--to",
                        f"delta:{self.lake}", "--table", "rows", "--until", str(until), "--commit-rows", "1", "-q"], check=True)

    def pad_log(self, version):
        """Entries as some other writer would have made them, each with a file of its own, and a checkpoint behind them."""
        table = self.lake / "rows"
        add = next(action["add"] for path in reversed(entries(table)) for action in map(json.loads, path.read_text().splitlines())
                   if "add" in action)
        begin = newest(table) + 1
        stats = json.loads(add["stats"])
        for number in range(begin, version):
            name = f"foreign-{number:05}.parquet"
            os.link(table / add["path"], table / name)
            more = dict(add, path=name, stats=json.dumps(dict(stats)))
            info = {"commitInfo": {"timestamp": int(time.time() * 1000), "operation": "WRITE"}}
            (table / "_delta_log" / f"{number:020}.json").write_text(json.dumps(info) + "\n" + json.dumps({"add": more}) + "\n")
        if version > 100:
            DeltaTable(str(table)).create_checkpoint()

    def undo(self, rows):
        self.fresh()
        run = subprocess.run([self.bin / "stream_engine", "undo", str(rows), f"delta:{self.lake}"], check=True,
                             stdout=subprocess.PIPE)
        return json.loads(run.stdout)


def entries(table):
    return sorted((table / "_delta_log").glob("0*.json"))


def newest(table):
    return int(entries(table)[-1].stem)


def medians(runs, rows):
    def median(read):
        values = [read(run) for run in runs]
        return None if None in values else statistics.median(values)

    seconds = median(lambda run: run.seconds)
    return {"rows_per_second": rows / seconds, "seconds": seconds, "slowest": max(run.seconds for run in runs),
            "fastest": min(run.seconds for run in runs), "cpu_seconds": median(lambda run: run.cpu_seconds),
            "anonymous": median(lambda run: run.anonymous)}


def quickest(runs):
    """Of figures that are small the least of interleaved runs: another user of the disk makes each fsync many times as long."""
    return {name: min(run[name] for run in runs) for name in runs[0]}


def met(ok):
    return "met" if ok else "MISSED"


def show(title, results):
    print(f"\n{title}")
    print(f"  {'':12} {'rows/s':>10} {'seconds':>8} {'(min..max)':>13} {'CPU s':>6} {'anonymous':>10}")
    for name, r in results.items():
        memory = "-" if r["anonymous"] is None else f"{r['anonymous'] / 2**20:,.0f} MiB"
        spread = f"{r['fastest']:.2f}..{r['slowest']:.2f}"
        print(f"  {name:12} {r['rows_per_second']:>10,.0f} {r['seconds']:>8.2f} {spread:>13} {r['cpu_seconds']:>6.2f} "
              f"{memory:>10}")


def ratio(results, subject, of, aim=None):
    value = results[subject]["rows_per_second"] / results[of]["rows_per_second"]
    print(f"  {subject} is {value:.2f} x {of}" + (f" (aim {aim}: {met(value >= aim)})" if aim else ""))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default="build/ci/bin", help="folder of ampload, ampload-testserver, raw_parquet, stream_engine")
    parser.add_argument("--folder", default="build/bench/delta", help="for the files; what it holds is removed")
    parser.add_argument("--rows", type=int, nargs="*", default=[500_000, 5_000_000])
    parser.add_argument("--undo-rows", type=int, nargs="*", default=[10_000, 10_000_000])
    parser.add_argument("--version", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    bench, results = Bench(arguments), {}
    for rows in arguments.rows:
        file, origin = bench.make_file(rows)
        results[rows] = bench.measure(file, rows)
        show(f"delta: {rows:,} log rows, {origin}, scaled; medians of {bench.rounds} interleaved runs on {os.cpu_count()} cores",
             results[rows])
        ratio(results[rows], "ampload", "bare write", 0.9)
        ratio(results[rows], "from Arrow", "bare write", 0.9)
        ratio(results[rows], "ampload", "bare copy")
        ratio(results[rows], "ampload", "deltalake", 2.0)
        file.unlink()
    if arguments.version:
        rounds = [(bench.commits(10), bench.commits(arguments.version)) for _ in range(bench.rounds)]
        few, many = (quickest(one) for one in zip(*rounds))
        results["commits"] = [few, many]
        print()
        for what, name in (("stream_ms", "a stream's commit"), ("load_ms", "a load of one row, the log read anew")):
            value = many[what] / few[what]
            print(f"commit    {name}: {many[what]:.1f} ms at version {many['version']:,}, {few[what]:.1f} ms at version "
                  f"{few['version']}: {value:.2f} x (aim 2: {met(value <= 2)})")
        print(f"          with the checkpoints of the log among them, on average {many['stream_mean_ms']:.1f} ms and "
              f"{few['stream_mean_ms']:.1f} ms")
    if arguments.undo_rows:
        rounds = [[bench.undo(rows) for rows in arguments.undo_rows] for _ in range(bench.rounds)]
        undone = {rows: quickest(one) for rows, one in zip(arguments.undo_rows, zip(*rounds))}
        results["undo"] = undone
        (small, least), (large, most) = (list(undone.items())[i] for i in (0, -1))
        value = most["median_ms"] / least["median_ms"]
        print(f"undo      10 blocks replaced: {most['median_ms']:.1f} ms in {large:,} rows, {least['median_ms']:.1f} ms in "
              f"{small:,}: {value:.2f} x (aim 1.5: {met(value <= 1.5)})")
    (bench.folder / "delta.json").write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
