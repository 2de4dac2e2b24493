"""Loads 500,000 log rows into LMDB and compares, in one run:

    ampload       `ampload load`, from the Parquet file to the last commit
    raw put       mdb_put of the same pairs, ready in memory, in the file's order, in transactions of the same size
    raw append    the same with MDB_APPEND, where the file's order is the keys' order
    python loop   pyarrow + msgpack + py-lmdb, writing the same pairs from the same file

Every run writes into a fresh folder and is durable (fsync at each commit). Runs are interleaved; figures are
medians. Rates count the time that each program reports for its work, without its start; `wall` is all of it.
"""

import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys

import lmdb
import pyarrow.parquet

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests" / "interop"))

import keys
import measured_run

TABLE = "logs"
STEP_BYTES = 32 << 20  # the loader's default
KEYS = {
    "ascending keys (block_num, log_index)": ["block_num", "log_index"],
    "random keys (tx_hash, log_index)": ["tx_hash", "log_index"],
}


class Bench:
    def __init__(self, arguments):
        self.bin = pathlib.Path(arguments.bin)
        self.rows = arguments.rows
        self.rounds = arguments.rounds
        self.folder = pathlib.Path(arguments.folder)
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        refuse_memory_disk(self.folder)

    def make_file(self):
        """The scaled logs, from the real ones where there are any."""
        data = os.environ.get("AMPLOAD_REAL_DATA")
        testserver = self.bin / "ampload-testserver"
        if data:
            logs, origin = pathlib.Path(data) / "ethereum_logs.parquet", "719 real logs of block 15,000,000"
        else:
            subprocess.run([testserver, "chain", "--out", self.folder, "--blocks", "40"], check=True,
                           stdout=subprocess.DEVNULL)
            logs, origin = self.folder / "logs.parquet", "generated logs"
        self.file = self.folder / "scaled.parquet"
        subprocess.run([testserver, "scale", "--from", logs, "--rows", str(self.rows), "--out", self.file],
                       check=True, stdout=subprocess.DEVNULL)
        return origin

    def fresh(self, name):
        folder = self.folder / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        return folder

    def ampload(self, columns, folder):
        run = measured_run.run([self.bin / "ampload", "load", self.file, "--to", f"lmdb:{folder}", "--table", TABLE,
                                "--key", ",".join(columns), "--json", "-q"])
        run.seconds = run.report["duration_seconds"]
        return run

    def raw(self, reference, order, folder, verb):
        run = measured_run.run([self.bin / "raw_put", reference, TABLE, order, folder, STEP_BYTES, verb])
        run.seconds = run.report["seconds"]
        run.cpu_seconds = run.report["cpu_seconds"]  # not what getting the pairs ready took
        run.rss = run.anonymous = None
        return run

    def python_loop(self, columns, folder):
        run = measured_run.run([sys.executable, HERE / "python_loop.py", self.file, folder, TABLE, columns[0],
                                STEP_BYTES])
        run.seconds = run.report["seconds"]
        return run

    def write_order(self, columns):
        """The keys in the file's order, for raw_put. Returns its path and whether they ascend."""
        wanted = keys.column_keys(pyarrow.parquet.read_table(self.file, columns=columns), columns)
        order = self.folder / "order"
        with open(order, "wb") as file:
            for key in wanted:
                file.write(len(key).to_bytes(2, "little") + key)
        return order, all(a < b for a, b in zip(wanted, wanted[1:]))

    def measure(self, columns):
        """Medians by subject, and the reference environment's size."""
        reference = self.fresh("reference")
        self.ampload(columns, reference)
        order, ascends = self.write_order(columns)
        subjects = {
            "ampload": lambda folder: self.ampload(columns, folder),
            "raw put": lambda folder: self.raw(reference, order, folder, "put"),
            "raw append": lambda folder: self.raw(reference, order, folder, "append"),
            "python loop": lambda folder: self.python_loop(columns, folder),
        }
        if not ascends:
            del subjects["raw append"]
        runs = {name: [] for name in subjects}
        for round_number in range(self.rounds):
            for name, subject in subjects.items():
                folder = self.fresh("run")
                runs[name].append(subject(folder))
                if round_number == 0:
                    refuse_other_pairs(reference, folder, name)
        encoded = runs["raw put"][0].report["bytes"]
        return {name: medians(subject, self.rows, encoded) for name, subject in runs.items()}, encoded, \
            disk_bytes(reference)


def medians(runs, rows, encoded):
    def median(read):
        values = [read(run) for run in runs]
        return None if None in values else statistics.median(values)

    seconds = median(lambda run: run.seconds)
    return {"rows_per_second": rows / seconds, "bytes_per_second": encoded / seconds, "seconds": seconds,
            "slowest": max(run.seconds for run in runs), "fastest": min(run.seconds for run in runs),
            "wall_seconds": median(lambda run: run.wall_seconds),
            "cpu_seconds": median(lambda run: run.cpu_seconds),
            "rss": median(lambda run: run.rss), "anonymous": median(lambda run: run.anonymous)}


def refuse_memory_disk(folder):
    kind = subprocess.run(["stat", "-f", "-c", "%T", folder], capture_output=True, text=True).stdout.strip()
    if kind in ("tmpfs", "ramfs"):
        raise SystemExit(f"bench: {folder} is in memory ({kind}); give a folder on a disk with --folder")


def refuse_other_pairs(one, other, name):
    """All subjects must have written the very same pairs, or the comparison is worth nothing."""
    for pair, wanted in zip(all_pairs(other), all_pairs(one), strict=True):
        if pair != wanted:
            raise SystemExit(f"bench: {name} wrote other pairs than ampload: {pair} instead of {wanted}")


def all_pairs(folder):
    with lmdb.open(str(folder), readonly=True, max_dbs=64) as environment:
        with environment.begin() as transaction:
            yield from transaction.cursor(environment.open_db(TABLE.encode(), transaction, create=False))


def disk_bytes(folder):
    """What the data file takes on the disk, also beyond its end."""
    status = os.stat(folder / "data.mdb")
    return max(status.st_size, status.st_blocks * 512)


def mib(size):
    return "-" if size is None else f"{size / 2**20:,.0f} MiB"


def show(title, results, encoded, disk, rows):
    print(f"\n{title}: {rows:,} rows, {encoded / rows:,.0f} bytes of key and value a row")
    print(f"  {'':12} {'rows/s':>10} {'MB/s':>7} {'seconds':>8} {'(min..max)':>13} {'wall s':>7} {'CPU s':>6} "
          f"{'peak RSS':>10} {'anonymous':>10}")
    for name, r in results.items():
        spread = f"{r['fastest']:.2f}..{r['slowest']:.2f}"
        wall = "-" if r["rss"] is None else f"{r['wall_seconds']:.2f}"
        print(f"  {name:12} {r['rows_per_second']:>10,.0f} {r['bytes_per_second'] / 1e6:>7,.0f} {r['seconds']:>8.2f} "
              f"{spread:>13} {wall:>7} {r['cpu_seconds']:>6.2f} {mib(r['rss']):>10} {mib(r['anonymous']):>10}")
    for line in aims(results, encoded, disk):
        print("  " + line)


def aims(results, encoded, disk):
    """One line for each ratio, with the aim and whether it was met."""
    rate = {name: r["rows_per_second"] for name, r in results.items()}

    def ratio(name, aim):
        value = rate["ampload"] / rate[name]
        return f"{value:5.2f} x {name} (aim {aim}: {'met' if value >= aim else 'MISSED'})"

    yield ratio("raw put", 0.8)
    if "raw append" in rate:
        yield ratio("raw append", 0.7)
    yield ratio("python loop", 4)
    size = disk / encoded
    aim = f" (aim at most 1.3: {'met' if size <= 1.3 else 'MISSED'})" if "raw append" in rate else ""
    yield f"{size:5.2f} x the encoded bytes on disk{aim}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default="build/ci/bin", help="folder of ampload, ampload-testserver, raw_put")
    parser.add_argument("--folder", default="build/bench", help="folder on a disk; what it holds is removed")
    parser.add_argument("--rows", type=int, default=500_000)
    parser.add_argument("--rounds", type=int, default=3)
    bench = Bench(parser.parse_args())
    origin = bench.make_file()
    print(f"lmdb: {bench.rows:,} log rows scaled from {origin}; medians of {bench.rounds} interleaved runs on "
          f"{os.cpu_count()} cores")
    everything = {}
    for title, columns in KEYS.items():
        results, encoded, disk = bench.measure(columns)
        show(title, results, encoded, disk, bench.rows)
        everything[title] = {"encoded_bytes": encoded, "disk_bytes": disk, "subjects": results}
    with open(bench.folder / "lmdb.json", "w") as file:
        json.dump({"rows": bench.rows, "rounds": bench.rounds, "origin": origin, "keys": everything}, file, indent=1)
    for leftover in ("reference", "run"):
        shutil.rmtree(bench.folder / leftover, ignore_errors=True)


if __name__ == "__main__":
    main()
