"""Loads log rows and transactions (nested) into PostgreSQL and compares, in one run:

    ampload       `ampload load`, from the Parquet file to the commit, into a new table
    copy binary   `psql \\copy` of the same rows, ready in COPY's binary form: what the server itself can do
    copy csv      the same as CSV
    adbc          ADBC's ingest, from the same Parquet file, where it can take the columns

and takes back ten batches of 1,000 rows from a large table. The server is one of its own, durable (fsync), on the disk
of --folder. Runs are interleaved; figures are medians.
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import time

import psycopg2
import pyarrow as pa
import pyarrow.parquet as pq

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "tests" / "services"))

import measured_run
from postgresql import PostgreSQL
from stream_bench import Server

SETTINGS = {"fsync": "on", "full_page_writes": "on", "shared_buffers": "512MB", "max_wal_size": "16GB",
            "checkpoint_timeout": "1h", "autovacuum": "off", "log_min_duration_statement": "0"}
UNDONE = 10  # batches of 1,000 rows


class Bench:
    def __init__(self, arguments):
        self.bin = pathlib.Path(arguments.bin)
        self.rows, self.rounds, self.undo_rows = arguments.rows, arguments.rounds, arguments.undo_rows
        self.folder = pathlib.Path(arguments.folder).resolve()
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.server = PostgreSQL(settings=SETTINGS)
        self.uri = self.server.uri()

    def sql(self, *statements):
        connection = psycopg2.connect(self.uri)
        connection.autocommit = True
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)
            found = cursor.fetchall() if cursor.description else None
        connection.close()
        return found

    def make_files(self):
        """{"logs": path, "transactions": path}, and where their rows come from."""
        data = os.environ.get("AMPLOAD_REAL_DATA")
        testserver = self.bin / "ampload-testserver"
        subprocess.run([testserver, "chain", "--out", self.folder, "--blocks", "40"], check=True,
                       stdout=subprocess.DEVNULL)
        source = {name: pathlib.Path(data) / f"ethereum_{name}.parquet" if data else self.folder / f"{name}.parquet"
                  for name in ("logs", "transactions")}
        files = {name: self.folder / f"scaled_{name}.parquet" for name in source}
        subprocess.run([testserver, "scale", "--from", source["logs"], "--rows", str(self.rows), "--out",
                        files["logs"]], check=True, stdout=subprocess.DEVNULL)
        block = pq.read_table(source["transactions"])
        times = -(-self.rows // 5 // block.num_rows)
        with pq.ParquetWriter(files["transactions"], block.schema) as writer:
            for _ in range(0, times, 50):
                writer.write_table(pa.concat_tables([block] * min(50, times)))
        return files, "real rows" if data else "generated rows"

    def prepared(self, table, like):
        self.sql(f"DROP TABLE IF EXISTS {table}", *([f"CREATE TABLE {table} (LIKE {like})"] if like else []),
                 "CHECKPOINT")

    def ampload(self, file, table):
        self.prepared(table, None)
        run = measured_run.run([self.bin / "ampload", "load", file, "--to", self.uri, "--table", table, "--json", "-q"])
        run.seconds = run.report["duration_seconds"]
        return run

    def copy(self, file, table, form):
        self.prepared(table, "reference")
        run = measured_run.run([sys.executable, HERE / "psql_copy.py", file, self.uri, table, form])
        run.seconds = run.report["seconds"]
        run.rss = run.anonymous = None
        return run

    def adbc(self, file, table):
        self.prepared(table, None)
        run = measured_run.run([sys.executable, HERE / "adbc_ingest.py", file, self.uri, table])
        run.seconds = run.report["seconds"]
        return run

    def can_adbc(self, file):
        small = self.folder / "small.parquet"
        pq.write_table(pq.read_table(file).slice(0, 10), small)
        self.prepared("run", None)
        done = subprocess.run([sys.executable, HERE / "adbc_ingest.py", small, self.uri, "run"], capture_output=True,
                              text=True)
        return "" if done.returncode == 0 else done.stderr.strip().splitlines()[-1]

    def measure(self, name, file):
        rows = pq.ParquetFile(file).metadata.num_rows
        self.ampload(file, "reference")
        encoded = {form: self.folder / f"{name}.{form}" for form in ("binary", "csv")}
        for form, path in encoded.items():
            subprocess.run(["psql", "-X", "-q", "-c", f"\\copy reference TO '{path}' WITH (FORMAT {form})", self.uri],
                           check=True)
        wanted = self.digest("reference")
        subjects = {"ampload": lambda: self.ampload(file, "run"),
                    "copy binary": lambda: self.copy(encoded["binary"], "run", "binary"),
                    "copy csv": lambda: self.copy(encoded["csv"], "run", "csv")}
        why = self.can_adbc(file)
        if not why:
            subjects["adbc"] = lambda: self.adbc(file, "run")
        runs = {subject: [] for subject in subjects}
        for round_number in range(self.rounds):
            for subject, measured in subjects.items():
                runs[subject].append(measured())
                if round_number == 0 and subject != "adbc" and self.digest("run") != wanted:
                    raise SystemExit(f"bench: {subject} wrote other rows than ampload")
        size = encoded["binary"].stat().st_size
        results = {subject: medians(found, rows, size) for subject, found in runs.items()}
        show(f"{name}: {rows:,} rows, {size / rows:,.0f} bytes a row in COPY's binary form", results)
        ratio("copy binary", results, 0.95)
        ratio("copy csv", results, None)
        if why:
            print(f"  adbc cannot load it: {why}")
        else:
            ratio("adbc", results, 1.3)
        self.sql("DROP TABLE run, reference")
        return results

    def digest(self, table):
        return self.sql(f"SELECT count(*), sum(hashtextextended(t::text, 0)::numeric) FROM {table} t")[0]

    def undo(self):
        blocks = self.undo_rows // 1000
        table = "undone"
        with Server(self.bin, self.folder, "--blocks", blocks, "--rows-per-block", 1000, "--exactly", "--max-blocks",
                    1) as server:
            start = time.monotonic()
            subprocess.run([self.bin / "ampload", "stream", "SELECT * FROM eth.rows", "--from", server.address, "--to",
                            self.uri, "--table", table, "--until", str(blocks - 1), "-q"], check=True)
            streamed = time.monotonic() - start
        statements, whole = [], []
        for number in range(5):
            log = len(self.server.log())
            start = time.monotonic()
            subprocess.run([self.bin / "ampload", "undo", self.uri, "--table", table, "--from-block",
                            str(blocks - UNDONE * (number + 1))], check=True, stdout=subprocess.DEVNULL)
            whole.append((time.monotonic() - start) * 1000)
            found = re.findall(r"duration: ([\d.]+) ms  (?:statement|execute[^:]*): DELETE", self.server.log()[log:])
            statements.append(sum(map(float, found)))
        left = self.sql(f"SELECT count(*) FROM {table}")[0][0]
        if left != (blocks - UNDONE * 5) * 1000:
            raise SystemExit(f"bench: {left} rows are left")
        median = statistics.median(statements)
        print(f"\nundo: {UNDONE} batches of 1,000 rows, of {self.undo_rows:,} that were streamed in {streamed:.0f} s: "
              f"{median:.0f} ms, at most {max(statements):.0f} ms (aim 50 ms: {met(median <= 50)}); the whole command "
              f"{statistics.median(whole):.0f} ms")
        return {"statement_ms": statements, "command_ms": whole, "stream_seconds": streamed}


def medians(runs, rows, size):
    def median(read):
        values = [read(run) for run in runs]
        return None if None in values else statistics.median(values)

    seconds = median(lambda run: run.seconds)
    return {"rows_per_second": rows / seconds, "bytes_per_second": size / seconds, "seconds": seconds,
            "slowest": max(run.seconds for run in runs), "fastest": min(run.seconds for run in runs),
            "cpu_seconds": median(lambda run: run.cpu_seconds), "rss": median(lambda run: run.rss),
            "anonymous": median(lambda run: run.anonymous)}


def mib(size):
    return "-" if size is None else f"{size / 2**20:,.0f} MiB"


def met(ok):
    return "met" if ok else "MISSED"


def show(title, results):
    print(f"\n{title}")
    print(f"  {'':12} {'rows/s':>10} {'MB/s':>7} {'seconds':>8} {'(min..max)':>13} {'CPU s':>6} {'peak RSS':>10} "
          f"{'anonymous':>10}")
    for name, r in results.items():
        spread = f"{r['fastest']:.2f}..{r['slowest']:.2f}"
        print(f"  {name:12} {r['rows_per_second']:>10,.0f} {r['bytes_per_second'] / 1e6:>7,.0f} {r['seconds']:>8.2f} "
              f"{spread:>13} {r['cpu_seconds']:>6.2f} {mib(r['rss']):>10} {mib(r['anonymous']):>10}")


def ratio(name, results, aim):
    value = results["ampload"]["rows_per_second"] / results[name]["rows_per_second"]
    print(f"  {value:5.2f} x {name}" + (f" (aim {aim}: {met(value >= aim)})" if aim else ""))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", default="build/ci/bin", help="folder of ampload and ampload-testserver")
    parser.add_argument("--folder", default="build/bench/postgresql", help="for the files; what it holds is removed")
    parser.add_argument("--rows", type=int, default=500_000)
    parser.add_argument("--undo-rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    bench = Bench(arguments)
    try:
        files, origin = bench.make_files()
        print(f"postgresql: {bench.sql('SHOW server_version')[0][0]}, {origin}, scaled; medians of {bench.rounds} "
              f"interleaved runs on {os.cpu_count()} cores")
        results = {name: bench.measure(name, file) for name, file in files.items()}
        results["undo"] = bench.undo()
        (bench.folder / "postgresql.json").write_text(json.dumps(results, indent=1))
    finally:
        bench.server.end()


if __name__ == "__main__":
    main()
