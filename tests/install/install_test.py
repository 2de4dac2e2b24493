"""`cmake --install` gives a tree that can be moved, and that a loader out of tree builds against."""

import re
import shutil
import unittest
from pathlib import Path

from installed_tree import BUILD, SOURCE, Tree, run

PLUGIN = Path(__file__).resolve().parent / "plugin"


def elf_files(folder):
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink() and path.open("rb").read(4) == b"\x7fELF":
            yield path


class Install(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        installed = Tree()
        cls.addClassCleanup(shutil.rmtree, installed.folder)
        cls.folder, cls.tree = installed.folder, installed.path
        cls.command, cls.env = installed.command, installed.env
        cls.plugins = installed.build(PLUGIN, "plugin", f"-DAMPLOAD_HEADERS={cls.tree}/include/ampload")

    def test_the_command_runs_where_it_was_moved_to(self):
        version = re.search(r"project\(ampload VERSION ([\d.]+)", (SOURCE / "CMakeLists.txt").read_text())
        self.assertIn(version.group(1), run(self.command, "--version", env=self.env))

    def test_the_libraries_of_arrow_come_from_the_tree(self):
        libraries = run("ldd", self.command, self.tree / "lib/libampload.so", env=self.env)
        self.assertNotIn("not found", libraries)
        found = re.findall(r"(lib(?:arrow|parquet|ampload)\S*) => (\S+)", libraries)
        self.assertTrue(found, libraries)
        for name, path in found:
            self.assertTrue(Path(path).resolve().is_relative_to(self.tree.resolve()), f"{name} => {path}")

    def test_no_run_path_names_the_machine_that_built_it(self):
        checked = 0
        for path in elf_files(self.tree):
            for run_path in re.findall(r"(?:RUNPATH|RPATH).*\[(.*)\]", run("readelf", "-d", path)):
                checked += 1
                for entry in run_path.split(":"):
                    self.assertTrue(entry.startswith("$ORIGIN"), f"{path}: {run_path}")
        self.assertGreaterEqual(checked, 2)

    def test_no_file_of_the_cmake_package_names_the_build(self):
        for path in (self.tree / "lib/cmake/ampload").iterdir():
            for place in (SOURCE, BUILD, self.folder):
                self.assertNotIn(str(place), path.read_text(), path)

    def test_a_program_that_embeds_the_library_runs(self):
        self.assertIn("loader lmdb", run(self.plugins / "embed", env=self.env))

    def test_the_conformance_suites_run_where_they_were_moved_to(self):
        points = "AMPLOAD_FAULT_POINTS:BOOL=ON" in (BUILD / "CMakeCache.txt").read_text()
        said = run("ampload-conformance", "--loader", "lmdb", "--suite", "core,types", env=self.env)
        self.assertRegex(said, r"core: \d\d passed, 0 failed")
        self.assertRegex(said, r"types: \d\d passed, 0 failed")
        crash = ["ampload-conformance", "--loader", "lmdb", "--suite", "crash", "--filter", "AppendToANewTable"]
        if points:
            self.assertIn("crash: 1 passed, 0 failed, 0 skipped", run(*crash, env=self.env))
        else:
            with self.assertRaisesRegex(AssertionError, "no fault points"):
                run(*crash, env=self.env)

    def test_a_plugin_is_found_on_the_plugin_path(self):
        self.assertNotIn("rowcount", run(self.command, "loaders", env=self.env))
        env = {**self.env, "AMPLOAD_PLUGIN_PATH": str(self.plugins)}
        self.assertIn("rowcount", run(self.command, "loaders", env=env))

    def test_a_plugin_in_the_loaders_folder_of_the_tree_is_found(self):
        placed = self.tree / "lib/ampload/loaders/rowcount.so"
        shutil.copy(self.plugins / "rowcount.so", placed)
        try:
            self.assertIn("rowcount", run(self.command, "loaders", env=self.env))
        finally:
            placed.unlink()

    def test_a_plugin_loads_rows(self):
        import pyarrow
        import pyarrow.parquet
        rows = self.folder / "rows.parquet"
        pyarrow.parquet.write_table(pyarrow.table({"number": list(range(1000))}), rows)
        counts = self.folder / "counts.txt"
        env = {**self.env, "AMPLOAD_PLUGIN_PATH": str(self.plugins)}
        run(self.command, "load", rows, "--to", f"rowcount:{counts}", "--table", "numbers", env=env)
        lines = [line.split() for line in counts.read_text().splitlines()]
        self.assertEqual({name for name, _ in lines}, {"numbers"})
        self.assertEqual(sum(int(count) for _, count in lines), 1000)


if __name__ == "__main__":
    unittest.main()
