"""A test case with a folder of its own, an LMDB environment in it, and words for what a load did."""

import json
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import msgpack

from command import AMPLOAD, environment_of, pairs


class LoadCase(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="ampload-service-"))
        self.addCleanup(shutil.rmtree, self.work)
        self.target = self.work / "env"

    def write(self, name, content):
        path = self.work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def command(self, *arguments, stdin=None, fault=None):
        """The finished process, its output as bytes made text: output that is no UTF-8 fails the test. `stdin` is
        bytes, or None for no input at all."""
        done = subprocess.run([AMPLOAD, *map(str, arguments)], capture_output=True, cwd=self.work, input=stdin,
                              env=environment_of(fault), timeout=120,
                              stdin=subprocess.DEVNULL if stdin is None else None)
        done.stdout, done.stderr = done.stdout.decode("utf-8", "strict"), done.stderr.decode("utf-8", "strict")
        return done

    def load(self, *arguments, table="t", **how):
        return self.command("load", *arguments, "--to", f"lmdb:{self.target}", "--table", table, **how)

    def loaded(self, *arguments, **how):
        """The table's rows after a load that must end well."""
        done = self.load(*arguments, **how)
        self.assertEqual(done.returncode, 0, done.stderr)
        return self.rows()

    def fresh(self, *arguments, **how):
        """The same, into a new environment."""
        shutil.rmtree(self.target, ignore_errors=True)
        return self.loaded(*arguments, **how)

    def rows(self, table="t"):
        """Every row, read by Python's lmdb and msgpack; None where there is no such table."""
        found = pairs(self.target, table)
        return None if found is None else [msgpack.unpackb(value, strict_map_key=False) for _, value in found]

    def columns(self, table="t"):
        """Name and type of each column, as `inspect` says."""
        return [(one["name"], one["type"]) for one in self.inspected(table)["columns"]]

    def inspected(self, table="t", limit=1000):
        done = self.command("inspect", f"lmdb:{self.target}", "--table", table, "--json", "--limit", limit)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)["table"]

    def assert_said(self, done, status, *texts):
        """Failed with that status, and said so in words that a person can read. A text `value=...` is the whole
        value."""
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        self.assertIn("ampload: error: ", done.stderr)
        for text in texts:
            if text.startswith("value="):
                self.assertRegex(done.stderr, re.escape(text) + r"\s")
            else:
                self.assertIn(text, done.stderr)
        self.assertNotIn("terminate called", done.stderr)
        readable = done.stderr.replace("\n", "")
        self.assertTrue(readable.isprintable(), repr(done.stderr))

    def refused(self, done, status, *texts):
        """The same, and no table was made."""
        self.assert_said(done, status, *texts)
        self.assertIsNone(self.rows())
