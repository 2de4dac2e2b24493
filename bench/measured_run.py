"""Runs a command and says what it took."""

import json
import os
import subprocess
import threading
import time


class Measured:
    """`report` is the JSON object that the command printed; memory is in bytes, peaks."""

    def __init__(self, report, wall, cpu, rss, anonymous):
        self.report = report
        self.wall_seconds = wall
        self.cpu_seconds = cpu
        self.rss = rss
        self.anonymous = anonymous


def run(command):
    """Memory is looked at every 5 ms: a shorter peak of anonymous memory is missed, and what the resident size
    grew by in the last 5 ms. (An LMDB map is no anonymous memory; the resident size counts the pages of it that
    were touched.)"""
    os.sync()  # the dirty pages of the run before are not this one's
    start = time.perf_counter()
    process = subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, text=True)
    peaks = {"VmHWM": 0, "RssAnon": 0}
    watcher = threading.Thread(target=watch_memory, args=(process.pid, peaks))
    watcher.start()
    output = process.stdout.read()
    process.stdout.close()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    watcher.join()
    if process.returncode != 0:
        raise SystemExit(f"bench: ended with {process.returncode}: {' '.join(map(str, command))}")
    return Measured(json.loads(output), wall, usage.ru_utime + usage.ru_stime, peaks["VmHWM"], peaks["RssAnon"])


def watch_memory(pid, peaks):
    """Not ru_maxrss, which a process takes over from the one that started it: from this one, which is large."""
    while True:  # Popen has returned, so exec is done and the sizes are the new program's
        try:
            with open(f"/proc/{pid}/status") as status:
                sizes = dict(line.split(":", 1) for line in status if line.startswith(("VmHWM", "RssAnon")))
        except OSError:
            return
        if not sizes:  # a process that has ended and waits for its parent has no memory
            return
        for name, size in sizes.items():
            peaks[name] = max(peaks[name], int(size.split()[0]) * 1024)
        time.sleep(0.005)
