"""A safeguard of exactly-once that is switched off makes the case fail that is there for it."""

import unittest

from conformance import run

# switch -> the cases that must fail without it, each by itself
MUST_FAIL = {
    "fence": ["crash.AStoppedWriterIsFenced", "streaming.ATakeOverFences"],
    "sequence_check": ["crash.ALostReplyIsSettled"],
    "open_load_record": ["crash.AppendBehindExistingRows", "crash.AppendToANewTable"],
    "undo_log": ["crash.StreamWithReorgs", "streaming.ReorgDeletion", "crash.AppendBetweenExistingRows"],
}


class Safeguards(unittest.TestCase):
    def check(self, loader, switch, cases=None):
        for case in cases or MUST_FAIL[switch]:
            with self.subTest(case):
                arguments = ("--loader", loader, "--suite", "streaming,crash", "--filter", f"^{case}$")
                # With it, the case holds: what fails below fails for the want of it.
                self.assertEqual(list(run(*arguments).passed), [case])
                without = run(*arguments, AMPLOAD_DISABLE=switch)
                self.assertEqual(list(without.failed), [case], without.text)
                self.assertEqual(without.status, 1, without.text)
                print(f"{loader} without {switch}: {case} fails: {without.failed[case][:160]}")

    def test_lmdb_fence(self):
        self.check("lmdb", "fence")

    def test_lmdb_sequence_check(self):
        self.check("lmdb", "sequence_check")

    def test_lmdb_open_load_record(self):
        self.check("lmdb", "open_load_record")

    def test_lmdb_undo_log(self):
        self.check("lmdb", "undo_log")

    # A transaction that the server forgets by itself needs no record of an open load.
    # One that was taken over has an older sequence, too, and is ended where it stands in the way.
    def test_postgresql_fence(self):
        self.check("postgresql", "fence,sequence_check", ["streaming.ATakeOverFences"])

    def test_postgresql_sequence_check(self):
        self.check("postgresql", "sequence_check")

    def test_postgresql_undo_log(self):
        self.check("postgresql", "undo_log", ["crash.StreamWithReorgs", "streaming.ReorgDeletion",
                                              "streaming.UpsertStream"])

    # What is not committed are files that no entry tells of: no record of an open load.
    def test_deltalake_fence(self):
        self.check("deltalake", "fence,sequence_check", ["streaming.ATakeOverFences"])

    def test_deltalake_sequence_check(self):
        self.check("deltalake", "sequence_check")

    def test_deltalake_undo_log(self):
        self.check("deltalake", "undo_log", ["crash.StreamWithReorgs", "streaming.ReorgDeletion"])

    def test_redis_fence(self):
        self.check("redis", "fence")

    def test_redis_sequence_check(self):
        self.check("redis", "sequence_check")

    def test_redis_open_load_record(self):
        self.check("redis", "open_load_record")

    def test_redis_undo_log(self):
        self.check("redis", "undo_log", ["crash.StreamWithReorgs", "streaming.ReorgDeletion",
                                         "streaming.UpsertStream"])


if __name__ == "__main__":
    unittest.main()
