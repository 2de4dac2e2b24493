"""What a reorganisation takes back is found by the index over `_amp_batch_id`, right after a large load and without
autovacuum's help: ten batches of 1,000 rows, in a table of one pipeline and of two that were written by turns.

LONG=1 loads 10 million rows; else 500,000."""

import os
import re
import time
import unittest

from postgresql_case import PostgreSQLCase

LONG = os.environ.get("LONG", "") not in ("", "0")
BLOCKS = 10_000 if LONG else 500  # of 1,000 rows, a batch each
UNDONE = 10


class UndoPlan(PostgreSQLCase):
    server_options = {"settings": {"autovacuum": "off", "session_preload_libraries": "auto_explain",
                                   "auto_explain.log_min_duration": "0", "auto_explain.log_analyze": "on"}}

    def load_chain(self, *pipelines, turns=1):
        """Each block is a batch. Pipelines take turns, each over its share of its own chain's blocks."""
        blocks = BLOCKS // len(pipelines)
        servers = {pipeline: self.serve("--blocks", blocks, "--rows-per-block", 1000, "--exactly", "--max-blocks", 1,
                                        "--seed", number + 1, "--network", f"net{number}")
                   for number, pipeline in enumerate(pipelines)}
        for turn in range(1, turns + 1):
            for pipeline, server in servers.items():
                process = self.start(server, "--until", blocks * turn // turns - 1, "--pipeline", pipeline,
                                     "--add-pipeline")
                self.assertEqual(process.wait(timeout=1200), 0, self.said(process))
        self.assertEqual(self.sql("SELECT count(*), count(DISTINCT _amp_batch_id) FROM logs"),
                         [(BLOCKS * 1000, BLOCKS)])

    def take_back(self, pipeline, head):
        """Milliseconds of the command, of the server for its statement, and the statement's plans."""
        log = len(self.server.log())
        start = time.monotonic()
        done = self.command("undo", self.uri, "--table", "logs", "--pipeline", pipeline, "--from-block",
                            head - UNDONE + 1)
        command = (time.monotonic() - start) * 1000
        self.assertEqual(done.returncode, 0, done.stderr)
        plans = self.wait_for(lambda: re.findall(r"Delete on (?:public\.)?logs .*?(?=\n\S)",
                                                 self.server.log()[log:] + "\n.", re.DOTALL), "the plan is logged")
        statement = sum(map(float, re.findall(r"duration: ([\d.]+) ms  plan:\s+Query Text: DELETE",
                                              self.server.log()[log:])))
        return command, statement, plans

    def check(self, pipeline, head):
        pages = self.sql("SELECT pg_relation_size('logs') / 8192")[0][0]
        command, statement, plans = self.take_back(pipeline, head)
        print(f"{BLOCKS * 1000:,} rows in {pages:,} pages: {UNDONE} batches taken back in {command:.0f} ms, the server "
              f"took {statement:.1f} ms\n{plans[0]}")
        self.assertEqual(self.sql("SELECT count(*) FROM logs"), [((BLOCKS - UNDONE) * 1000,)])
        for plan in plans:
            self.assertRegex(plan, r"(Bitmap )?Index Scan (on|using)")
            self.assertNotIn("Seq Scan on logs", plan)
        # What a lossy index reads in vain. A scan of all, or an index that was not kept up, would read every row.
        in_vain = sum(int(found) for plan in plans for found in re.findall(r"Rows Removed by \S+ \S+: (\d+)", plan))
        self.assertLess(in_vain, BLOCKS * 1000 // 10)

    def test_one_pipeline(self):
        self.load_chain("one")
        self.check("one", BLOCKS - 1)

    def test_two_pipelines_by_turns(self):
        self.load_chain("one", "two", turns=10)
        self.check("two", BLOCKS // 2 - 1)


if __name__ == "__main__":
    unittest.main()
