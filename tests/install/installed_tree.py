"""`cmake --install` of the build at hand, moved to another folder, and what is done with it."""

import os
import subprocess
import tempfile
from pathlib import Path

SOURCE = Path(os.environ["AMPLOAD_SOURCE_DIR"])
BUILD = Path(os.environ["AMPLOAD_BUILD_DIR"])
JOBS = os.environ.get("JOBS") or "2"


def run(*command, env=None, cwd=None):
    """Output and errors of a command that must succeed."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, cwd=cwd,
                          env=env, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        raise AssertionError(f"{command} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


class Tree:
    """The tree and a folder around it that is not below the source: nothing is found by chance."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="ampload-install-"))
        run("cmake", "--install", BUILD, "--prefix", self.folder / "first")
        self.path = self.folder / "moved" / "ampload"
        self.path.parent.mkdir()
        (self.folder / "first").rename(self.path)
        self.command = self.path / "bin/ampload"
        # ccache and search paths of the caller play no part.
        self.env = {"PATH": f"{self.path}/bin:/usr/bin:/bin", "HOME": str(self.folder)}

    def build(self, source, name, *options, prefix=None):
        """Configures and builds a project against the tree; the build folder."""
        build = self.folder / name
        run("cmake", "-S", source, "-B", build, "-G", "Ninja",
            f"-DCMAKE_PREFIX_PATH={prefix or self.path}", *options, env=self.env)
        run("cmake", "--build", build, "-j", JOBS, env=self.env)
        return build
