"""tools/lint must be able to fail: each rule is shown a small tree that breaks it."""

import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SOURCE = Path(os.environ.get("AMPLOAD_SOURCE_DIR", Path(__file__).resolve().parents[2]))

# A tree that every rule is content with.
CLEAN = {
    "include/ampload/row.h": "// A row.\n#pragma once\n\n#include <arrow/api.h>\n\n#include <string>\n",
    "src/base/hex.h": "#pragma once\n\n#include <string>\n",
    "src/encode/row_encoder.h": '#pragma once\n\n#include "ampload/row.h"\n#include "base/hex.h"\n',
    "src/source/reader.h": "#pragma once\n",
    "src/loader/target.h": '#pragma once\n\n#include "encode/row_encoder.h"\n',
    "src/loaders/lmdb/session.h": '#pragma once\n\n#include "loader/target.h"\n',
    "src/loaders/redis/session.h": "#pragma once\n",
    "src/pipeline/load.h": '#pragma once\n\n#include "loader/target.h"\n',
    "src/cli/load.h": '#pragma once\n\n#include "pipeline/load.h"\n',
    "tests/matchers.h": "#pragma once\n",
    "src/base/hex_test.cc": '#include "base/hex.h"\n#include "matchers.h"\n',
}


def lint(changes):
    """(exit status, output) of lint over the clean tree with these files added or replaced."""
    with tempfile.TemporaryDirectory() as folder:
        for path, text in {**CLEAN, **changes}.items():
            file = Path(folder) / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        (Path(folder) / ".clang-format").write_text((SOURCE / ".clang-format").read_text())
        done = subprocess.run([sys.executable, str(SOURCE / "tools/lint"), "--root", folder, "--no-tidy"],
                              capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr


def header(body):
    return "#pragma once\n\n" + body


class Lint(unittest.TestCase):
    def complains(self, changes, text):
        status, output = lint(changes)
        self.assertIn(text, output)
        self.assertEqual(status, 1, output)

    def passes(self, changes):
        status, output = lint(changes)
        self.assertEqual(status, 0, output)

    def test_a_clean_tree_passes(self):
        self.passes({})

    def test_a_sibling_room_may_not_be_included(self):
        self.complains({"src/encode/a.h": header('#include "source/reader.h"\n')},
                       'src/encode/a.h:3: include "source/reader.h": encode may not include source')

    def test_a_room_to_the_right_may_not_be_included(self):
        self.complains({"src/base/a.h": header('#include "loader/target.h"\n')},
                       "base may not include loader")
        self.complains({"src/loader/a.h": header('#include "pipeline/load.h"\n')},
                       "loader may not include pipeline")

    def test_no_loader_includes_another(self):
        self.complains({"src/loaders/lmdb/a.h": header('#include "loaders/redis/session.h"\n')},
                       "loaders/lmdb may not include loaders/redis")

    def test_the_pipeline_includes_no_loader(self):
        self.complains({"src/pipeline/a.h": header('#include "loaders/lmdb/session.h"\n')},
                       "pipeline may not include loaders/lmdb")

    def test_a_path_relative_to_the_own_folder_is_no_way_around(self):
        self.complains({"src/encode/a.h": header('#include "../source/reader.h"\n')},
                       "encode may not include source")

    def test_brackets_are_no_way_around(self):
        self.complains({"src/encode/a.h": header("#include <source/reader.h>\n")},
                       "encode may not include source")

    def test_an_include_in_a_comment_is_none(self):
        self.passes({"src/encode/a.h": header('// #include "source/reader.h"\n')})

    def test_a_public_header_includes_no_room(self):
        self.complains({"include/ampload/a.h": header('#include "base/hex.h"\n')},
                       "public may not include base")

    def test_a_public_header_includes_no_third_library(self):
        self.complains({"include/ampload/a.h": header("#include <fmt/format.h>\n")},
                       "Arrow and the standard library alone")

    def test_an_include_that_is_not_there_is_named(self):
        self.complains({"src/encode/a.h": header('#include "encode/gone.h"\n')}, "is not found")

    def test_only_tests_include_the_matchers(self):
        self.complains({"src/base/a.h": header('#include "matchers.h"\n')}, "which is in no room")

    def test_headers_for_tests_are_for_tests_alone(self):
        fixture = {"src/base/test_rows.h": header('#include "matchers.h"\n')}
        self.passes({**fixture, "src/base/rows_test.cc": '#include "base/test_rows.h"\n'})
        self.complains({**fixture, "src/base/rows.cc": '#include "base/test_rows.h"\n'},
                       "is there for tests alone")

    def test_an_example_sees_the_public_headers_alone(self):
        self.passes({"examples/a.cc": '#include "ampload/row.h"\n'})
        self.complains({"examples/a.cc": '#include "base/hex.h"\n'}, "only the public headers")

    def test_vague_file_names_are_refused(self):
        self.complains({"src/base/string_utils.h": header("")}, "says nothing: 'utils'")

    def test_vague_type_names_are_refused(self):
        self.complains({"src/base/a.h": header("class SessionManager {};\n")}, "says nothing: 'manager'")
        self.passes({"src/base/a.h": header("class Database {};\n")})

    def test_a_header_without_pragma_once_is_refused(self):
        self.complains({"src/base/a.h": "// Says something.\nclass A {};\n"}, "#pragma once")

    def test_a_file_that_is_not_formatted_is_refused(self):
        self.complains({"src/base/a.h": header("class  A{ } ;\n")}, "src/base/a.h: not formatted")

    def test_paths_of_one_machine_are_refused(self):
        self.complains({"README.md": "Look into /" + "work/main.\n"}, "a path that only one machine has")

    def test_links_and_documents_must_be_there(self):
        self.complains({"README.md": "See [the map](MAP.txt).\n"}, "leads nowhere: MAP.txt")
        self.complains({"src/base/a.h": header("// As in NOWHERE" + ".md.\n")}, "not in the repository")

    def test_a_function_that_is_too_long_is_refused(self):
        body = "".join(f"  g({number});\n" for number in range(160))
        self.complains({"src/base/a.cc": f"namespace a {{\nvoid Long(int n) {{\n{body}}}\n}}  // namespace a\n"},
                       "src/base/a.cc:2 Long: 162 lines, the limit is 150")

    def test_a_file_that_is_too_long_is_refused(self):
        self.complains({"src/base/a.cc": "int g();\n" * 701}, "src/base/a.cc: 701 lines")


if __name__ == "__main__":
    unittest.main()
