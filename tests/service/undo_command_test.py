"""`ampload undo` where there is nothing that it could take back: statuses and words, and not a byte is written. (What
it takes back is the unit tests' matter: a table of a stream is needed.)"""

import json
import unittest

import pyarrow as pa

from modes_case import ModesCase


class Undo(ModesCase):
    def setUp(self):
        super().setUp()
        for table in ("t", "transfers"):
            self.well("append", *self.source(pa.table({"id": pa.array([1, 2], pa.uint32()), "n": [1, 2]})), table=table)

    def undo(self, *arguments, status, texts, target=None):
        with self.unchanged():
            done = self.command("undo", target or f"lmdb:{self.target}", *arguments)
            self.assert_said(done, status, *texts)
            self.assertEqual(done.stdout, "")
        return done

    def test_a_table_that_is_not_there(self):
        self.undo("--table", "transfer", "--from-block", 5, status=2,
                  texts=("no such table", "table=transfer", "transfers"))

    def test_an_environment_that_is_not_there_is_not_made(self):
        target = self.work / "nowhere"
        self.undo("--table", "t", "--from-block", 5, target=f"lmdb:{target}", status=2, texts=(str(target),))
        self.assertFalse(target.exists())

    def test_a_table_that_no_stream_writes(self):
        for more in ((), ("--pipeline", "live"), ("--network", "mainnet"), ("--dry-run",), ("--retention-blocks", 10)):
            self.undo("--table", "t", "--from-block", 5, *more, status=2,
                      texts=("no stream writes this table", "table=t"))

    def test_a_block_that_is_none(self):
        for block in ("x", "-5", "", "1.5", "0x10", "5 ", str(2**64), "1e3"):
            with self.subTest(block=block):
                self.undo("--table", "t", f"--from-block={block}", status=2, texts=("--from-block",))

    def test_the_highest_and_the_lowest_block_are_blocks(self):
        for block in (0, 2**63 - 1):
            self.undo("--table", "t", "--from-block", block, status=2, texts=("no stream",))

    def test_retention_that_is_none(self):
        for blocks in ("x", "-1", "1.5"):
            self.undo("--table", "t", "--from-block", 5, f"--retention-blocks={blocks}", status=2,
                      texts=("--retention-blocks",))

    def test_what_is_missing(self):
        self.undo("--table", "t", status=2, texts=("--from-block", "ampload undo --help"))
        self.undo("--from-block", 5, status=2, texts=("--table", "ampload undo --help"))
        self.assert_said(self.command("undo", "--table", "t", "--from-block", 5), 2, "TARGET")

    def test_words_that_it_does_not_know(self):
        self.undo("--table", "t", "--form-block", 5, status=2, texts=("--form-block", "--from-block"))
        self.undo("--table", "t", "--from-block", 5, "--mode", "upsert", status=2, texts=("--mode",))
        self.undo("--table", "t", "--from-block", 5, target="lmbd:x", status=2, texts=("lmbd", "lmdb"))
        self.undo("--table", "t", "--from-block", 5, target="nowhere", status=2, texts=("nowhere",))

    def test_json(self):
        for arguments, text in ((("--table", "t"), "no stream"), (("--table", "none"), "no such table")):
            done = self.command("undo", f"lmdb:{self.target}", *arguments, "--from-block", 5, "--json")
            self.assert_said(done, 2, text)
            result = json.loads(done.stdout)
            self.assertEqual((result["success"], done.stdout.count("\n")), (False, 1))
            self.assertIn(text, result["error"])

    def test_raw_bytes_are_not_printed(self):
        self.undo("--table", "t\x1b[31m", "--from-block", 5, status=2, texts=("no such table", r"\x1b[31m"))

    def test_the_help(self):
        done = self.command("undo", "--help")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        for text in ("TARGET", "--table", "--from-block", "--network", "--pipeline", "--retention-blocks", "--dry-run",
                     "--json", "Exit status"):
            self.assertIn(text, done.stdout)
        self.assertLessEqual(max(map(len, done.stdout.splitlines())), 80)
        self.assertIn("undo", self.command("--help").stdout)


if __name__ == "__main__":
    unittest.main()
