"""A test case whose loads set bad rows aside, and which reads, mends and replays the file."""

import pyarrow as pa

from command import result_of
from load_case import LoadCase


def invalid_texts():
    """Three rows; the second one's text is no UTF-8."""
    texts = pa.StringArray.from_buffers(3, pa.array([0, 1, 3, 4], pa.int32()).buffers()[1], pa.py_buffer(b"a\xff\xfeb"))
    return pa.table({"n": [1, 2, 3], "s": texts})


class QuarantineCase(LoadCase):
    def setUp(self):
        super().setUp()
        self.file = self.work / "aside" / "bad.arrow"

    def quarantining(self, *arguments, file=None, **how):
        return self.load(*arguments, "--on-bad-row", "quarantine", "--quarantine", file or self.file, "--json", **how)

    def replay(self, *arguments, file=None, **how):
        return self.command("replay-quarantine", file or self.file, "--to", f"lmdb:{self.target}", *arguments, **how)

    def aside_table(self, file=None):
        """The quarantine, read by pyarrow."""
        return pa.ipc.open_file(pa.BufferReader((file or self.file).read_bytes())).read_all()

    def aside(self, file=None):
        """Its rows, in the order of their places in the load."""
        return sorted(self.aside_table(file).to_pylist(), key=lambda one: one["_ampload_row"] or 0)

    def mend(self, file=None, **columns):
        """Writes the quarantine again with other columns, as a person would with pyarrow."""
        file = file or self.file
        table = self.aside_table(file)
        for name, values in columns.items():
            at = table.schema.get_field_index(name)
            table = table.set_column(at, table.schema.field(at), pa.array(values, table.schema.field(at).type))
        with pa.ipc.new_file(str(file), table.schema) as writer:
            writer.write_table(table)

    def set_aside(self, done, sent, quarantined, file=None):
        """Loaded but for the bad rows, and said so."""
        self.assertEqual(done.returncode, 3, done.stdout + done.stderr)
        result = result_of(done)
        self.assertTrue(result["success"])
        self.assertIsNone(result["error"])
        self.assertEqual(result["rows_loaded"], sent - quarantined)
        self.assertEqual(result["metadata"]["rows_quarantined"], quarantined)
        self.assertEqual(result["metadata"]["quarantine"], str(file or self.file))
        self.assertIn("replay-quarantine", done.stderr)
        self.assertEqual(len(self.rows()), sent - quarantined)
        self.assertEqual(self.aside_table(file)["_ampload_batch_id"].to_pylist(), [0] * quarantined)

    def files_aside(self):
        """Their names, but for those that were never whole."""
        folder = self.file.parent
        names = (path.name for path in folder.iterdir()) if folder.exists() else ()
        return sorted(name for name in names if not name.endswith(".partial"))
