"""ampload-conformance as a command: what it lists, takes, refuses."""

import tempfile
import unittest
from pathlib import Path

from conformance import committed_skips, run


class Command(unittest.TestCase):
    def test_list_tells_every_case_and_runs_none(self):
        outcome = run("--list")
        lines = [line.split("\t") for line in outcome.text.splitlines()]
        self.assertEqual(outcome.status, 0)
        names = [line[0] for line in lines]
        for name in ("core.Connection", "core.ContextManager", "core.BatchLoading", "core.AppendMode",
                     "core.OverwriteMode", "core.NullHandling", "core.ErrorHandling",
                     "streaming.StreamingMetadataColumns", "streaming.ReorgDeletion",
                     "streaming.ReorgOverlappingRanges", "streaming.ReorgMultiNetwork",
                     "streaming.MicrobatchDeduplication"):
            self.assertIn(name, names)
        self.assertEqual(len(set(names)), len(names))
        self.assertTrue(all(len(line) == 2 and line[1] for line in lines), lines)

    def test_list_of_a_loader_tells_what_it_lacks(self):
        lines = [line.split("\t") for line in run("--list", "--loader", "lmdb").text.splitlines()]
        lacking = {line[0]: line[2].removeprefix("skipped: ") for line in lines if len(line) == 3}
        self.assertEqual(lacking, {name: why for name, why in committed_skips("lmdb").items() if name in lacking})
        self.assertTrue(lacking)

    def test_filter_takes_a_regular_expression(self):
        outcome = run("--loader", "lmdb", "--filter", r"\.(Append|Overwrite)Mode$")
        self.assertEqual(sorted(outcome.passed), ["core.AppendMode", "core.OverwriteMode"], outcome.text)

    def test_config_file(self):
        with tempfile.TemporaryDirectory() as folder:
            config = Path(folder) / "c.toml"
            config.write_text(f'[connections.mine]\nuri = "lmdb:{folder}/env"\nsync = "none"\n')
            outcome = run("--loader", "lmdb", "--config", str(config), "--filter", "core.AppendMode")
            self.assertEqual(list(outcome.passed), ["core.AppendMode"], outcome.text)
            self.assertTrue((Path(folder) / "env/data.mdb").exists())
            config.write_text(f'[connections.a]\nuri = "lmdb:{folder}/a"\n[connections.b]\nuri = "lmdb:{folder}/b"\n')
            outcome = run("--loader", "lmdb", "--config", str(config))
            self.assertEqual(outcome.status, 2)
            self.assertIn("more than one", outcome.text)

    def test_what_is_wrong_with_the_words_is_status_2_and_says_what(self):
        for arguments, text in ((["--loader", "lmbd"], "lmdb"), (["--loader", "lmdb", "--suite", "cor"], "core"),
                                (["--loader", "lmdb", "--filter", "("], "regular expression"),
                                (["--loader", "lmdb", "--filter", "nothing has this"], "no case"),
                                ([], "--loader"), (["--lodaer", "lmdb"], "--lodaer"),
                                (["--loader", "lmdb", "--config", "/nowhere/c.toml"], "/nowhere/c.toml")):
            with self.subTest(arguments):
                outcome = run(*arguments)
                self.assertEqual(outcome.status, 2, outcome.text)
                self.assertIn(text, outcome.text)

    def test_a_uri_of_another_loader_is_refused(self):
        outcome = run("--loader", "lmdb", AMPLOAD_TEST_LMDB_URI="redis://localhost")
        self.assertEqual(outcome.status, 2, outcome.text)

    def test_tables_are_gone_afterwards(self):
        with tempfile.TemporaryDirectory() as folder:
            uri = f"lmdb:{folder}/env"
            run("--loader", "lmdb", "--suite", "core", "--filter", "Mode$|Names$", AMPLOAD_TEST_LMDB_URI=uri)
            import lmdb
            with lmdb.open(f"{folder}/env", readonly=True, max_dbs=8) as environment, environment.begin() as txn:
                names = [bytes(key) for key, _ in txn.cursor()]
            self.assertEqual([name for name in names if not name.startswith(b"__ampload__")], [])


if __name__ == "__main__":
    unittest.main()
