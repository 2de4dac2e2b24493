"""Tables that only C++ can build, encoded there, judged here: what their rows hold is what pyarrow reads."""

import os
import subprocess
import tempfile
import unittest

import pyarrow as pa

import expected

RANDOM_ROWS = os.path.join(os.environ.get("AMPLOAD_BUILD_DIR", "build/dev"), "tests/interop/random_rows")
SEEDS = range(1, 301 if os.environ.get("LONG") else 31)


def random_rows(seed):
    """The table of this seed and each row's bytes."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "table.arrow")
        done = subprocess.run([RANDOM_ROWS, str(seed), path], capture_output=True, timeout=600)
        assert done.returncode == 0, done.stderr.decode()
        with pa.OSFile(path) as file, pa.ipc.open_stream(file) as stream:
            table = stream.read_all()
    rows, at = [], 0
    while at < len(done.stdout):
        end = at + 4 + int.from_bytes(done.stdout[at:at + 4], "big")
        rows.append(done.stdout[at + 4:end])
        at = end
    return table, rows


class RandomRows(unittest.TestCase):
    def test_hold_what_pyarrow_reads(self):
        for seed in SEEDS:
            with self.subTest(seed=seed):
                table, found = random_rows(seed)
                wanted = expected.rows(table)
                self.assertEqual(len(found), len(wanted))
                wrong = [d for i, (row, want) in enumerate(zip(found, wanted))
                         for d in expected.differences(expected.unpack(row), want, f"row {i}")]
                self.assertEqual(wrong[:5], [], f"{len(wrong)} differences")


if __name__ == "__main__":
    unittest.main()
