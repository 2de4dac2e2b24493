"""Loads and replays with a quarantine beside each other, in a store that takes one-off loads so: one stops itself at its
commit, another comes and goes, the first goes on."""

import os
import signal
import unittest

from deltalake import DeltaTable

from command import start, wait_until_stopped
from quarantine_case import QuarantineCase


class Live(QuarantineCase):
    def setUp(self):
        super().setUp()
        self.uri = f"delta:{self.work}/lake?durability=process"
        csv = self.write("rows.csv", "n\n1\nx\n")
        self.loading = ("load", csv, "--to", self.uri, "--table", "t", "--types", "n:int64", "--on-bad-row",
                        "quarantine", "--quarantine")

    def finishes(self, point, status, words, meanwhile):
        live = start(*words, fault=f"{point}:1:stop")
        try:
            wait_until_stopped(live)
            meanwhile()
            os.kill(live.pid, signal.SIGCONT)
            said = live.communicate(timeout=60)
        finally:
            live.kill()
            live.communicate()
        self.assertEqual(live.returncode, status, said)

    def numbers(self):
        return sorted(DeltaTable(f"{self.work}/lake/t").to_pyarrow_table()["n"].to_pylist())

    def test_a_load_leaves_the_file_of_a_live_one(self):
        for point in ("quarantine.write.after", "deltalake.commit.before", "deltalake.commit.after"):
            with self.subTest(point=point):
                self.setUp()
                other = self.file.with_name("other.arrow")
                self.assertEqual(self.command(*self.loading, other).returncode, 3)

                def meanwhile():
                    self.assertEqual(self.command(*self.loading, self.file.with_name("third.arrow")).returncode, 3)
                    self.assert_said(self.command(*self.loading, self.file), 2, "bad.arrow.open", "wait")

                self.finishes(point, 3, (*self.loading, self.file), meanwhile)
                self.assertEqual(self.numbers(), [1, 1, 1])
                self.assertEqual(self.files_aside(), ["bad.arrow", "other.arrow", "third.arrow"])

    def test_a_replay_beside_a_live_one_is_refused(self):
        for point in ("quarantine.rename.before", "deltalake.commit.before", "deltalake.commit.after"):
            with self.subTest(point=point):
                self.setUp()
                self.assertEqual(self.command(*self.loading, self.file).returncode, 3)
                self.mend(_ampload_raw=[b"2"])
                replay = "replay-quarantine", self.file, "--to", self.uri
                self.finishes(point, 0, replay,
                              lambda: self.assert_said(self.command(*replay), 1, "another process loads its rows"))
                self.assertEqual(self.numbers(), [1, 2])
                self.assertEqual(self.files_aside(), ["bad.arrow.replayed"])
                self.assert_said(self.command(*replay), 2, "loaded already")


if __name__ == "__main__":
    unittest.main()
