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
    """Anonymous memory is looked at every 5 ms: a shorter peak is missed. (An LMDB map is no anonymous memory;
    the resident size counts the pages of it that were touched.)"""
    os.sync()  # the dirty pages of the run before are not this one's
    start = time.perf_counter()
    process = subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, text=True)
    peak = [0]
    watcher = threading.Thread(target=watch_anonymous, args=(process.pid, peak))
    watcher.start()
    output = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    watcher.join()
    if process.returncode != 0:
        raise SystemExit(f"bench: ended with {process.returncode}: {' '.join(map(str, command))}")
    return Measured(json.loads(output), wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, peak[0])


def watch_anonymous(pid, peak):
    while True:
        try:
            with open(f"/proc/{pid}/status") as status:
                line = next((line for line in status if line.startswith("RssAnon:")), None)
        except OSError:
            return
        if line is None:  # a process that has ended and waits for its parent has no memory
            return
        peak[0] = max(peak[0], int(line.split()[1]) * 1024)
        time.sleep(0.005)
