"""A server whose disk is full (a small tmpfs in a mount namespace of the test's own)."""

import pathlib
import shutil
import subprocess
import tempfile
import unittest

from disk_test import enter_namespace
from postgresql_case import PostgreSQLCase


class FullDisk(PostgreSQLCase):
    @classmethod
    def setUpClass(cls):
        disk = pathlib.Path(tempfile.mkdtemp(prefix="ampload-disk-"))
        cls.addClassCleanup(shutil.rmtree, disk)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=96m,mode=777", "tmpfs", disk], check=True)
        cls.addClassCleanup(subprocess.run, ["umount", disk], check=True)
        cls.server_options = {"data": disk / "data", "wal_apart": True}
        super().setUpClass()

    def test_a_load_that_fills_the_disk_leaves_the_table_as_it_was(self):
        small = self.numbers(100, "small.parquet")
        large = self.numbers(2_000_000, "large.parquet", first=100)
        self.well(small)
        done = self.load(large)
        self.assert_said(done, 1, "No space left on device", "sqlstate=53100")
        self.assertEqual(self.column(), list(range(100)))
        self.sql("VACUUM t")  # what the failed load wrote
        self.well(self.numbers(100, first=100))
        self.assertEqual(self.column(), list(range(200)))


if __name__ == "__main__":
    enter_namespace()
    unittest.main()
