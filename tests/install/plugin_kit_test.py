"""What an author of a loader gets: an example that is short and passes, a skeleton that passes at once."""

import re
import shutil
import subprocess
import unittest

from installed_tree import BUILD, SOURCE, Tree, run

EXAMPLE = SOURCE / "examples/minimal_loader"
SNAPSHOT = SOURCE / "examples/snapshot_loader"
DOCUMENT = SOURCE / "docs/writing-a-loader.md"


def committed_skips(loader):
    text = (SOURCE / f"conformance/skips/{loader}.txt").read_text()
    return {line for line in text.splitlines() if line and not line.startswith("#")}


def code_blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", DOCUMENT.read_text(), re.MULTILINE | re.DOTALL)


class PluginKit(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.tree = Tree()
        cls.addClassCleanup(shutil.rmtree, cls.tree.folder)
        cls.folder = cls.tree.folder
        cls.minimal = cls.tree.build(EXAMPLE, "minimal")
        cls.rows = cls.folder / "numbers.parquet"
        import pyarrow
        import pyarrow.parquet
        table = pyarrow.table({"key": [f"key/{i}" for i in range(1000)], "value": list(range(1000))})
        pyarrow.parquet.write_table(table, cls.rows)

    def with_plugins(self, build):
        return {**self.tree.env, "AMPLOAD_PLUGIN_PATH": str(build)}

    def assert_skips(self, said, loader):
        self.assertEqual(set(re.findall(r"skip +(\w+\.\w+: .*)", said)), committed_skips(loader))

    def assert_passes_core(self, build, loader):
        """By ctest, as its author runs it: every case of the suite, none failed."""
        said = run("ctest", "--test-dir", build, "--verbose", env=self.tree.env)
        self.assertIn("100% tests passed, 0 tests failed out of 1", said)
        passed, failed = map(int, re.search(r"core: (\d+) passed, (\d+) failed", said).groups())
        self.assertGreaterEqual(passed, 15, said)
        self.assertEqual(failed, 0)
        for name in ("Connection", "ContextManager", "BatchLoading", "AppendMode", "OverwriteMode",
                     "NullHandling", "ErrorHandling"):
            self.assertRegex(said, rf"ok +core\.{name}\b")
        self.assertIn(f"loader {loader} ", said)
        self.assert_skips(said, "minimal")

    def test_the_example_is_short(self):
        lines = sum(len(file.read_text().splitlines()) for file in EXAMPLE.iterdir())
        self.assertLessEqual(lines, 150)

    def test_the_example_passes_the_core_suite(self):
        self.assert_passes_core(self.minimal, "minimal")

    def test_the_examples_rows_are_files_that_are_counted(self):
        store = self.folder / "store"
        run("ampload", "load", self.rows, "--to", f"minimal:{store}", env=self.with_plugins(self.minimal))
        self.assertEqual(run("sh", "-c", 'ls "$1" | wc -l', "sh", store / "numbers").strip(), "1000")
        run("ampload", "load", self.rows, "--to", f"minimal:{store}", "--mode", "overwrite",
            "--limit", "10", env=self.with_plugins(self.minimal))
        self.assertEqual(run("sh", "-c", 'ls "$1" | wc -l', "sh", store / "numbers").strip(), "10")
        self.assertIn("10 rows", run("ampload", "inspect", f"minimal:{store}", "--table", "numbers",
                                     env=self.with_plugins(self.minimal)))

    def test_the_examples_rows_are_read_by_arrow(self):
        import pyarrow.ipc
        store = self.folder / "read"
        run("ampload", "load", self.rows, "--to", f"minimal:{store}", env=self.with_plugins(self.minimal))
        with pyarrow.ipc.open_stream(store / "numbers" / "key%2F7") as stream:
            self.assertEqual(stream.read_all().to_pylist(), [{"key": "key/7", "value": 7}])

    def test_a_plugin_has_fault_points_where_the_tree_has_them(self):
        points = re.search(r"^AMPLOAD_FAULT_POINTS:BOOL=(\w+)", (BUILD / "CMakeCache.txt").read_text(),
                           re.MULTILINE).group(1)
        flags = (self.minimal / "build.ninja").read_text()
        self.assertEqual("-DAMPLOAD_FAULT_POINTS" in flags, points == "ON")

    def test_the_example_builds_against_the_build_tree_too(self):
        build = self.tree.build(EXAMPLE, "minimal_of_build", prefix=BUILD)
        self.assert_passes_core(build, "minimal")

    def test_a_transactional_loader_passes_every_suite_that_the_tree_can_run(self):
        build = self.tree.build(SNAPSHOT, "snapshot")
        said = run("ctest", "--test-dir", build, "--verbose", env=self.tree.env)
        self.assertIn("100% tests passed, 0 tests failed out of 1", said)
        suites = dict(re.findall(r"(core|types|streaming|crash): ([1-9]\d*) passed, 0 failed", said))
        crash = {"crash"} if "-DAMPLOAD_FAULT_POINTS" in (build / "build.ninja").read_text() else set()
        self.assertEqual(set(suites), {"core", "types", "streaming"} | crash, said)
        if crash:
            self.assert_skips(said, "snapshot")
        for switch, case in (("fence", "streaming.ATakeOverFences"),
                             ("sequence_check", "crash.ALostReplyIsSettled")) if crash else ():
            done = subprocess.run(
                ["ampload-conformance", "--loader", "snapshot", "--filter", case], text=True,
                capture_output=True, env={**self.with_plugins(build), "AMPLOAD_DISABLE": switch})
            self.assertEqual((done.returncode, done.stderr), (1, ""), switch)
            self.assertIn(f"FAIL  {case}", done.stdout)

    def test_the_code_in_the_document_is_the_examples(self):
        code = [file.read_text() for folder in (EXAMPLE, SNAPSHOT) for file in folder.iterdir()]
        blocks = code_blocks("cpp") + code_blocks("cmake")
        self.assertGreater(len(blocks), 15)
        for block in blocks:
            self.assertTrue(any(block in text for text in code), f"in no example:\n{block}")

    def test_the_commands_in_the_document_run(self):
        folder = self.folder / "by_the_book"
        folder.mkdir()
        said = run("bash", "-euxc", "".join(code_blocks("sh")), env=self.tree.env, cwd=folder)
        self.assertIn("100% tests passed", said)
        self.assertIn("numbers: 3 rows", said)
        self.assertEqual({file.name for file in folder.glob("rows/numbers/[!.]*")}, {"1", "2", "3"})

    def test_a_new_loader_passes_at_once(self):
        folder = self.folder / "my_store_loader"
        said = run("ampload", "new-loader", "my_store", "--dir", folder, env=self.tree.env)
        # Its own words are what is run.
        commands = [line.split() for line in said.splitlines() if line.startswith("  c")]
        self.assertEqual([words[0] for words in commands], ["cmake", "cmake", "ctest"])
        for words in commands:
            run(*words, env=self.tree.env)
        self.assert_passes_core(folder / "build", "my_store")
        store = self.folder / "my_rows"
        run("ampload", "load", self.rows, "--to", f"my_store:{store}",
            env=self.with_plugins(folder / "build"))
        self.assertEqual(len(list(store.glob("numbers/[!.]*"))), 1000)


if __name__ == "__main__":
    unittest.main()
