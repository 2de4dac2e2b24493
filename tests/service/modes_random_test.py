"""Random loads in every mode against one table, some of them killed, compared with a dict after each. A seed that fails
is in the name of its subtest:

    SEEDS=17 AMPLOAD_BINARY=build/ci/bin/ampload python tests/service/modes_random_test.py
"""

import os
import random
import struct
import unittest

import pyarrow as pa

from command import pairs
from modes_case import DECODERS, FILE_KINDS, ModesCase

SEEDS = [int(seed) for seed in os.environ.get("SEEDS", "").split()]
SEEDS = SEEDS or range(200 if os.environ.get("LONG") == "1" else 8)
LOADS = 30
TYPES = {"number": pa.uint16(), "text": pa.string(), "n": pa.int64(), "s": pa.string(), "o": pa.int32(),
         "_op": pa.string()}
VALUES = "n", "s", "o"
POINTS = ("lmdb.step.before_commit:1", "lmdb.step.after_commit:1", "lmdb.step.after_commit:2",
          "lmdb.commit.before_commit:1", "lmdb.commit.after_commit:1")


class DataError(Exception):
    """A load that must fail."""


class Load:
    """One random load: its rows, and what the command is told."""

    def __init__(self, random, key, known):
        self.key = key
        self.mode = random.choice(("append", "append", "upsert", "upsert", "upsert", "merge", "merge", "merge", "merge",
                                   "overwrite"))
        self.replace = self.mode == "append" and random.random() < 0.4
        self.steps = random.random() < 0.25
        self.kind = random.choice(FILE_KINDS)
        with_op = self.mode == "merge" and random.random() < 0.5
        by_key = self.mode in ("upsert", "merge")
        # An order that operations break further apart than a step is refused; another test's matter.
        self.ordered = by_key and random.random() < 0.5 and not (with_op and self.steps)
        values = list(VALUES) if self.mode == "overwrite" else [one for one in VALUES if random.random() < 0.7]
        if self.ordered and "o" not in values:
            values.append("o")
        count = random.randrange(2000, 5000) if self.steps else random.randrange(0 if self.kind != "ndjson" else 1, 30)
        keys = [self.random_key(random, 3000 if self.steps else 25) for _ in range(count)]
        if self.mode in ("append", "overwrite") and not self.replace and random.random() < 0.8:
            fresh = set(keys) - (set(known) if self.mode == "append" else set())
            keys = random.sample(sorted(fresh), len(fresh))
            if not keys and self.kind == "ndjson":
                self.kind = "csv"
        self.columns = [*key, *values, *(["_op"] if with_op else [])]
        random.shuffle(self.columns)
        self.rows = [self.random_row(random, one) for one in keys]
        if with_op and random.random() < 0.8:
            self.make_right(random, known)

    def random_key(self, random, domain):
        number = random.randrange(domain)
        return tuple(number % 65536 if name == "number" else f"k{number % 7}\0{number}"[:2 + number % 5]
                     for name in self.key)

    def random_row(self, random, key):
        values = {"n": random.choice((None, 0, -1, 2**63 - 1, -2**63, random.randrange(1000))),
                  "s": random.choice((None, "x", 'a "b", c', "line\nline", "\u00fc\u4e16",
                                      "y" * random.randrange(1, 200))),
                  "o": random.choice((None, -2**31, 0, 1, 2, random.randrange(100))),
                  "_op": random.choice(("insert", "update", "upsert", "upsert", "delete"))}
        values.update(zip(self.key, key))
        return {name: values[name] for name in self.columns}

    def key_of(self, row):
        return tuple(row[name] for name in self.key)

    def make_right(self, random, known):
        """Gives each row a word that fits what the rows before it leave."""
        there = set(known)
        for row in self.in_order():
            key = self.key_of(row)
            row["_op"] = random.choice(("update" if key in there else "insert", "upsert", "delete"))
            (there.discard if row["_op"] == "delete" else there.add)(key)

    def in_order(self):
        if not self.ordered:
            return self.rows
        return sorted(self.rows, key=lambda row: (row["o"] is not None, row["o"] or 0))

    def applied(self, table):
        """The table after this load; DataError where it must fail."""
        table = {} if self.mode == "overwrite" else dict(table)
        for row in self.in_order():
            key, old = self.key_of(row), table.get(self.key_of(row))
            word = row.get("_op", "insert" if self.mode in ("append", "overwrite") and not self.replace else "upsert")
            if (word == "insert" and old is not None) or (word == "update" and old is None):
                raise DataError(f"{word} {key}")
            if word == "delete":
                table.pop(key, None)
                continue
            kept = old if self.mode == "merge" and old is not None else dict.fromkeys(VALUES)
            table[key] = {**kept, **{name: value for name, value in row.items() if name != "_op"}}
        return table

    def table(self):
        return pa.table({name: pa.array([row[name] for row in self.rows], TYPES[name]) for name in self.columns})

    def options(self):
        return (*(("--on-duplicate", "replace") if self.replace else ()),
                *(("--order-by", "o") if self.ordered else ()))

    def __str__(self):
        what = " ".join((self.mode, self.kind, *self.options(), "in steps" if self.steps else "", *self.columns))
        return f"{what}: {self.rows if len(self.rows) < 40 else len(self.rows)}"


def key_bytes(names, key):
    found = b""
    for at, (name, value) in enumerate(zip(names, key)):
        if name == "number":
            found += struct.pack(">H", value)
        else:
            text = value.encode()
            found += text if at == len(names) - 1 else text.replace(b"\0", b"\0\xff") + b"\0\0"
    return found


class RandomLoads(ModesCase):
    def check(self, key, value_format, model):
        """Each row of the model under its key, in the keys' order, and no other."""
        found = [(one, {"n": None, "s": None, "o": None, **DECODERS[value_format](value)})
                 for one, value in pairs(self.target, "t") or ()]
        wanted = sorted((key_bytes(key, one), row) for one, row in model.items())
        self.assertEqual(found, wanted)

    def test_as_a_dict_says(self):
        whole = dict.fromkeys(("loaded", "refused", "killed"), 0)
        for seed in SEEDS:
            with self.subTest(seed=seed):
                self.setUp()
                counts = self.sequence(random.Random(seed))
                print(f"seed {seed}: {counts}", flush=True)
                whole = {what: count + counts[what] for what, count in whole.items()}
        if len(SEEDS) >= 8:
            self.assertGreater(min(whole.values()), 0)

    def sequence(self, random):
        key = random.choice((["number"], ["text"], ["number", "text"], ["text", "number"]))
        value_format = random.choice(list(DECODERS))
        first = pa.table({name: pa.array([], TYPES[name]) for name in [*key, *VALUES]})
        options = f"value_format={value_format}&sync=none"
        self.well("append", *self.source(first), key=",".join(key), option=options)
        model, counts = {}, {"loaded": 0, "refused": 0, "killed": 0}
        for _ in range(LOADS):
            load = Load(random, key, model)
            fault = random.choice(POINTS) if random.random() < 0.2 else None
            done = self.by_key(load.mode, *self.source(load.table(), load.kind), *load.options(), key=",".join(key),
                               option=options + ("&step_bytes=16KiB" if load.steps else ""), fault=fault)
            try:
                after = load.applied(model)
            except DataError as error:
                after = None
                reason = str(error)
            if done.returncode == -9:
                counts["killed"] += 1
                if fault == POINTS[-1]:  # committed already
                    self.assertIsNotNone(after, f"{load} was committed, must fail: {load}")
                    self.check(key, value_format, after)
                    model = after
                continue
            if after is None:
                self.assertEqual(done.returncode, 1, f"{load} must fail: {reason}")
                counts["refused"] += 1
            else:
                self.assertEqual(done.returncode, 0, f"{done.stderr}{load}")
                counts["loaded"] += 1
                model = after
            self.assertEqual(self.leftovers(), [], str(load))
            with self.subTest(load=str(load)):
                self.check(key, value_format, model)
        return counts


if __name__ == "__main__":
    unittest.main()
