"""What test servers have in common: private folders, free ports, an unprivileged user, and an end that comes even where
the test is killed. Needs nothing but Python and Debian's own tools."""

import os
import pathlib
import pwd
import shutil
import socket
import subprocess
import tempfile


class ServiceError(Exception):
    """A test server that cannot be had: the test run fails, it does not skip."""


def as_user(name):
    """Words in front of a command that make it run as that user, where we are root; else none."""
    if os.getuid() != 0:
        return []
    try:
        user = pwd.getpwnam(name)
    except KeyError:
        raise ServiceError(f"there is no user {name}: run `make setup-test`") from None
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def checked(command, **how):
    """Runs a command; what it said is in the error where it fails."""
    done = subprocess.run([str(part) for part in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, cwd="/", **how)
    if done.returncode != 0:
        raise ServiceError(f"{' '.join(map(str, command))} ended with {done.returncode}:\n{done.stdout}")
    return done.stdout


class PrivateFolder:
    """A folder under the temporary one that only `user` may look into (and root)."""

    def __init__(self, name, user):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix=f"ampload-{name}-"))
        if os.getuid() == 0:
            shutil.chown(self.path, user, pwd.getpwnam(user).pw_gid)

    def write(self, name, text, mode=0o600):
        """A file in it, of the same user's."""
        path = self.path / name
        path.write_text(text)
        path.chmod(mode)
        if os.getuid() == 0:
            owner = self.path.stat()
            os.chown(path, owner.st_uid, owner.st_gid)
        return path


class Keeper:
    """Runs `at_end`, lines of shell, once: when `end` is called, or when this process is gone, however it went.

    A shell waits for the end of a pipe that only this process holds; it is in a session of its own, so that a signal
    to the test's process group does not reach it."""

    def __init__(self, at_end, prefix=()):
        script = f"trap '' INT TERM HUP\ncat >/dev/null\n{at_end}\n"
        self._shell = subprocess.Popen([*prefix, "sh", "-c", script], stdin=subprocess.PIPE, cwd="/",
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)

    def end(self):
        if self._shell.stdin.closed:
            return
        self._shell.stdin.close()
        self._shell.wait()
