"""Ends `ampload load` into LMDB by SIGKILL at every fault point (its first, a middle and its last passing) and
looks at the table with Python's lmdb: before the next start, after it, and after the load is done again.

The oracle is a model in Python: the pairs that the table held before, and the pairs that it holds when the load
is complete. LONG=1 takes 2 million rows in every scenario; without it, only the plain append has them.
"""

import collections
import hashlib
import json
import os
import shutil
import signal
import struct
import subprocess
import sys
import tempfile

import lmdb
import msgpack
import pyarrow as pa
import pyarrow.parquet as pq

AMPLOAD = os.environ["AMPLOAD_BINARY"]
LONG = os.environ.get("LONG", "") not in ("", "0")

# The points behind which the load has taken effect.
COMPLETE_FROM = ("lmdb.commit.after_commit", "lmdb.commit.reply")

failures = []


def check(what, ok, detail=""):
    if not ok:
        failures.append(what)
        print(f"FAILED {what} {detail}", flush=True)


def numbers(order, count):
    """0 .. count - 1, ascending or scattered: a full cycle, so no number comes twice."""
    if order == "ascending":
        return list(range(count))
    step = 7_654_321  # no common factor with a power of ten
    return [(i * step) % count for i in range(count)]


def write_rows(path, values, text):
    table = pa.table({
        "block_num": pa.array([v // 100 for v in values], pa.uint64()),
        "log_index": pa.array([v % 100 for v in values], pa.uint32()),
        "data": pa.array([f"{text}{v:032d}".encode() for v in values], pa.binary()),
    })
    pq.write_table(table, path, row_group_size=100_000)


def model(values, text):
    """key -> value, as the documented encodings say."""
    pack = msgpack.Packer(use_bin_type=True).pack
    return {
        struct.pack(">QI", v // 100, v % 100):
            pack({"block_num": v // 100, "log_index": v % 100, "data": f"{text}{v:032d}".encode()})
        for v in values
    }


def digest_of(pairs):
    """Of pairs in key order."""
    digest = hashlib.sha256()
    count = 0
    for key, value in pairs:
        digest.update(struct.pack(">II", len(key), len(value)))
        digest.update(key)
        digest.update(value)
        count += 1
    return f"{count} rows {digest.hexdigest()[:16]}"


def digest_of_model(pairs):
    return digest_of((key, pairs[key]) for key in sorted(pairs))


def digest_of_table(folder, table="t"):
    """What a foreign reader sees; 'missing' where there is no such table."""
    if not os.path.exists(os.path.join(folder, "data.mdb")):
        return "missing"
    with lmdb.open(folder, readonly=True, max_dbs=16, map_size=1 << 40) as environment:
        try:
            database = environment.open_db(table.encode(), create=False)
        except lmdb.NotFoundError:
            return "missing"
        with environment.begin(db=database) as transaction, transaction.cursor() as cursor:
            return digest_of(cursor)


def leftovers(folder):
    """ampload's own records of unfinished loads, and hidden tables."""
    with lmdb.open(folder, readonly=True, max_dbs=16, map_size=1 << 40) as environment:
        with environment.begin() as transaction:
            names = [bytes(key) for key, _ in transaction.cursor() if bytes(key).startswith(b"__ampload__/new/")]
        with environment.begin(db=environment.open_db(b"__ampload__", create=False)) as transaction:
            names += [bytes(key) for key, _ in transaction.cursor() if bytes(key).startswith(b"load/")]
        try:
            undo = environment.open_db(b"__ampload__/undo", create=False)
            with environment.begin(db=undo) as transaction:
                names += [bytes(key) for key, _ in transaction.cursor()]
        except lmdb.NotFoundError:
            pass
    return names


def load(folder, source, *more, fault=None, counts=None):
    environment = dict(os.environ, ARROW_DEFAULT_MEMORY_POOL="system")
    for name, value in (("AMPLOAD_FAULT", fault), ("AMPLOAD_FAULT_COUNTS", counts)):
        environment.pop(name, None)
        if value:
            environment[name] = value
    done = subprocess.run([AMPLOAD, "load", source, "--to", f"lmdb:{folder}?step_bytes={STEP_BYTES}", "--table", "t",
                           "--key", "block_num,log_index", "--json", *more],
                          env=environment, capture_output=True, text=True)
    return done


def recover(folder, source, fault=None):
    """The next start: a load of no row."""
    return load(folder, source, "--limit", "0", fault=fault)


Scenario = collections.namedtuple("Scenario", "name rows order existing arguments")
SCENARIOS = [
    Scenario("append to a new table", 2_000_000, "ascending", 0, ()),
    Scenario("append between existing rows", 2_000_000 if LONG else 100_000, "scattered", 1000, ()),
    Scenario("overwrite", 2_000_000 if LONG else 100_000, "ascending", 5000, ("--mode", "overwrite")),
    Scenario("overwrite of a missing table", 2_000_000 if LONG else 100_000, "scattered", 0, ("--mode", "overwrite")),
]


def passings(count):
    """The first, a middle and the last."""
    return sorted({1, (count + 1) // 2, count})


def fresh_copy(template, folder):
    shutil.rmtree(folder, ignore_errors=True)
    if os.path.exists(template):
        shutil.copytree(template, folder)


def run_scenario(work, scenario):
    global STEP_BYTES
    STEP_BYTES = "16MiB" if scenario.rows >= 1_000_000 else "1MiB"
    source = os.path.join(work, "rows.parquet")
    # Existing rows stand above and between the new ones; none has the key of a new one.
    values = [v * 2 for v in numbers(scenario.order, scenario.rows)]
    existing = [v * 2 * max(1, scenario.rows // max(1, scenario.existing)) + 1 for v in range(scenario.existing)]
    write_rows(source, values, "new")
    template = os.path.join(work, "template")
    folder = os.path.join(work, "env")
    shutil.rmtree(template, ignore_errors=True)
    before_pairs = model(existing, "old")
    if existing:
        old_source = os.path.join(work, "old.parquet")
        write_rows(old_source, existing, "old")
        assert load(template, old_source).returncode == 0
    after_pairs = {**({} if "overwrite" in scenario.arguments else before_pairs), **model(values, "new")}
    before = digest_of_model(before_pairs) if existing else "missing"
    after = digest_of_model(after_pairs)
    del before_pairs, after_pairs, values
    check(f"{scenario.name}: the table to begin with", digest_of_table(template) == before)

    fresh_copy(template, folder)
    counts_file = os.path.join(work, "counts")
    done = load(folder, source, *scenario.arguments, counts=counts_file)
    check(f"{scenario.name}: the whole load", done.returncode == 0 and digest_of_table(folder) == after, done.stderr)
    points = {name: int(count) for name, count in (line.split() for line in open(counts_file))}
    assert "lmdb.commit.before_commit" in points, "this build has no fault points"
    plan = [(name, nth) for name, count in sorted(points.items()) for nth in passings(count)]
    print(f"{scenario.name}: {scenario.rows} rows, {len(points)} points, {len(plan)} kills: "
          + ", ".join(f"{name} x{count}" for name, count in sorted(points.items())), flush=True)

    recovery_points = {}
    for name, nth in plan:
        where = f"{scenario.name}, {name} passing {nth}"
        fresh_copy(template, folder)
        done = load(folder, source, *scenario.arguments, fault=f"{name}:{nth}")
        check(f"{where}: killed", done.returncode == -signal.SIGKILL, f"status {done.returncode} {done.stderr}")
        wanted = after if name in COMPLETE_FROM else before
        if "overwrite" in scenario.arguments:
            check(f"{where}: readers see the old or the new table", digest_of_table(folder) == wanted)
        killed_state = os.path.join(work, "killed")
        fresh_copy(folder, killed_state)
        started = recover(folder, source)
        check(f"{where}: the next start", started.returncode == 0, started.stderr)
        found = digest_of_table(folder)
        if wanted == "missing" and found == digest_of_model({}):
            found = "missing"  # the next start, a load of no row, makes the table
        check(f"{where}: after the next start", found == wanted, f"{found} instead of {wanted}")
        check(f"{where}: nothing is left", not leftovers(folder), str(leftovers(folder)))
        if wanted == before:
            again = load(folder, source, *scenario.arguments)
            check(f"{where}: loaded again", again.returncode == 0 and digest_of_table(folder) == after, again.stderr)
        if name == "lmdb.step.after_commit" and not recovery_points:
            recovery_points = kill_the_recovery(work, scenario, killed_state, folder, source, before)
    return len(plan) + len(recovery_points)


def kill_the_recovery(work, scenario, killed_state, folder, source, before):
    """The recovery itself is ended at each of its points, then started once more."""
    fresh_copy(killed_state, folder)
    counts_file = os.path.join(work, "recovery-counts")
    assert load(folder, source, "--limit", "0", counts=counts_file).returncode == 0
    points = {name: int(count) for name, count in (line.split() for line in open(counts_file))}
    plan = [(name, nth) for name, count in sorted(points.items()) for nth in passings(count)]
    assert any(name.startswith("lmdb.undo.") for name, _ in plan)
    for name, nth in plan:
        where = f"{scenario.name}, recovery, {name} passing {nth}"
        fresh_copy(killed_state, folder)
        done = recover(folder, source, fault=f"{name}:{nth}")
        check(f"{where}: killed", done.returncode == -signal.SIGKILL, done.stderr)
        check(f"{where}: the next start", recover(folder, source).returncode == 0)
        found = digest_of_table(folder)
        if before == "missing" and found == digest_of_model({}):
            found = "missing"
        check(f"{where}: after the next start", found == before, f"{found} instead of {before}")
        check(f"{where}: nothing is left", not leftovers(folder))
    return plan


def main():
    total = 0
    with tempfile.TemporaryDirectory(prefix="ampload-crash-") as work:
        for scenario in SCENARIOS:
            total += run_scenario(work, scenario)
    print(f"{len(SCENARIOS)} scenarios, {total} kills, {len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
