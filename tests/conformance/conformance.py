"""Runs ampload-conformance and reads what it prints."""

import os
import re
import subprocess
from pathlib import Path

SOURCE = Path(os.environ["AMPLOAD_SOURCE_DIR"])
PROGRAM = os.environ.get("AMPLOAD_CONFORMANCE", os.environ["AMPLOAD_BUILD_DIR"] + "/bin/ampload-conformance")


class Outcome:
    def __init__(self, done):
        self.status = done.returncode
        self.text = done.stdout + done.stderr
        self.passed, self.failed, self.skipped = {}, {}, {}
        for line in done.stdout.splitlines():
            match = re.fullmatch(r"(ok   |skip |FAIL ) (\w+\.\w+)(?:: (.*))?", line)
            if match:
                kind = {"ok   ": self.passed, "skip ": self.skipped, "FAIL ": self.failed}[match[1]]
                kind[match[2]] = match[3] or ""

    def summary(self):
        return f"{len(self.passed)} passed, {len(self.failed)} failed, {len(self.skipped)} skipped"


def run(*arguments, **variables):
    environment = {name: value for name, value in os.environ.items()
                   if not name.startswith(("AMPLOAD_TEST_", "AMPLOAD_FAULT", "AMPLOAD_DISABLE", "AMPLOAD_PLUGIN"))}
    environment.update(variables, ARROW_DEFAULT_MEMORY_POOL="system")
    return Outcome(subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, env=environment))


def committed_skips(loader):
    """suite.Name -> why, as conformance/skips/LOADER.txt has it."""
    skips = {}
    for line in (SOURCE / f"conformance/skips/{loader}.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            name, why = line.split(": ", 1)
            skips[name] = why
    return skips
