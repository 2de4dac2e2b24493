"""A full disk (a small tmpfs in a mount namespace of the test's own) and a folder that may not be written."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

import pyarrow as pa
import pyarrow.parquet as pq

from command import pairs, run


class FullDisk(unittest.TestCase):
    def setUp(self):
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="ampload-disk-"))
        self.addCleanup(shutil.rmtree, self.work)
        self.disk = self.work / "disk"
        self.disk.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", self.disk], check=True)
        self.addCleanup(subprocess.run, ["umount", self.disk], check=True)
        self.small = self.rows("small", range(0, 20_000, 2), 20)
        self.large = self.rows("large", range(1, 400_001, 2), 200)  # between and above the small ones

    def rows(self, name, numbers, width):
        path = self.work / f"{name}.parquet"
        pq.write_table(pa.table({"n": pa.array(numbers, pa.uint32()),
                                 "text": pa.array([f"{n:0{width}d}" for n in numbers])}), path)
        return path

    def load(self, source, *more, step="1MiB"):
        return run("load", source, "--to", f"lmdb:{self.disk}/env?step_bytes={step}", "--table", "t", "--key", "n", *more)

    def test_a_load_that_fills_the_disk_leaves_the_table_as_it_was(self):
        self.assertEqual(self.load(self.small).returncode, 0)
        before = pairs(self.disk / "env", "t")
        for step in ("256MiB", "1MiB"):  # in one transaction, and in many
            for more in ((), ("--mode", "overwrite")):
                with self.subTest(step=step, more=more):
                    done = self.load(self.large, *more, step=step)
                    self.assertEqual(done.returncode, 1, done.stderr)
                    self.assertIn("disk is full", done.stderr)
                    self.assertEqual(pairs(self.disk / "env", "t"), before)
                    self.assertEqual(self.load(self.small, "--limit", "0").returncode, 0)
                    self.assertEqual(pairs(self.disk / "env", "t"), before)

    def test_a_new_table_that_does_not_fit_is_not_there_afterwards(self):
        done = self.load(self.large)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("disk is full", done.stderr)
        self.assertIsNone(pairs(self.disk / "env", "t"))
        self.assertEqual(self.load(self.small).returncode, 0, "there is room again")


class MissingRights(unittest.TestCase):
    def test_a_folder_that_may_not_be_written(self):
        # Root may write everywhere, but for the capability that says so.
        prefix = ("setpriv", "--bounding-set=-dac_override,-dac_read_search") if os.getuid() == 0 else ()
        with tempfile.TemporaryDirectory(prefix="ampload-rights-") as name:
            work = pathlib.Path(name)
            source = work / "rows.parquet"
            pq.write_table(pa.table({"n": pa.array([1, 2], pa.uint32())}), source)
            self.assertEqual(run("load", source, "--to", f"lmdb:{work}/env", "--table", "t").returncode, 0)
            before = pairs(work / "env", "t")
            for target, folder in (("env", work / "env"), ("new", work)):
                with self.subTest(target=target):
                    folder.chmod(0o555)
                    done = run("load", source, "--to", f"lmdb:{work}/{target}", "--table", "t", prefix=prefix)
                    folder.chmod(0o755)
                    self.assertEqual(done.returncode, 1, done.stderr)
                    self.assertIn("no right to write", done.stderr)
            self.assertEqual(pairs(work / "env", "t"), before)
            self.assertFalse((work / "new").exists())


def enter_namespace():
    """A mount namespace of our own (with a user namespace where we are not root), so that no mount leaks."""
    if os.environ.get("AMPLOAD_IN_NAMESPACE") == "1":
        return
    unshare = ["unshare", "--mount"] if os.getuid() == 0 else ["unshare", "--mount", "--map-root-user"]
    os.execvpe("unshare", [*unshare, sys.executable, *sys.argv], dict(os.environ, AMPLOAD_IN_NAMESPACE="1"))


if __name__ == "__main__":
    enter_namespace()
    unittest.main()
