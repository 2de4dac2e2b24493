"""Delta tables on S3 that misbehaves: moto behind a proxy that refuses, keeps silent, loses answers, cuts bodies, ignores If-None-Match.
Afterwards the table is exactly right or as it was, and the next load succeeds."""

import os
import random
import unittest

from delta_case import S3Case
from s3_proxy import S3Proxy
from stream_case import SEED

LONG = bool(os.environ.get("LONG"))
QUICK = {"retry_for": "2s", "request_timeout": "1s", "connect_timeout": "1s"}


class S3(S3Case):
    def setUp(self):
        super().setUp()
        self.proxy = S3Proxy(self.moto.port)
        self.addCleanup(self.proxy.end)

    def through(self, **options):
        """The lake behind the proxy."""
        return self.to(endpoint=self.proxy.endpoint, **options)

    def commits(self):
        return [request for request in self.proxy.requests if "_delta_log/0" in request[1] and request[0] == "PUT"]

    def test_well_behaved(self):
        self.well(self.numbers(10), to=self.through())
        self.well(self.numbers(10, first=10), to=self.through())
        self.assertEqual(self.column(), list(range(20)))

    def refused(self, fate, status, *texts, applies=lambda request: True, made=True, **options):
        """With that fate of requests nothing is loaded, before and behind a first load; once it is over all is well."""
        if made:
            self.well(self.numbers(10))
        before = self.everything()
        self.proxy.rule = lambda request: fate if applies(request) else None
        done = self.load(self.numbers(10, first=10), to=self.through(**{**QUICK, **options}))
        self.assert_said(done, status, *texts)
        self.assertNotIn("secret", done.stderr.replace("secret_key", ""))
        self.proxy.rule = lambda request: None
        after = self.everything()
        self.assertEqual({path: text for path, text in after.items() if "_delta_log" in path},
                         {path: text for path, text in before.items() if "_delta_log" in path})
        self.well(self.numbers(10, first=10), to=self.through())
        self.assertEqual(self.column(), list(range(20)) if made else list(range(10, 20)))

    def test_denied(self):
        self.refused("403", 1, "403")

    def test_writes_denied(self):
        self.refused("403", 1, "403", applies=lambda request: request.method in ("PUT", "POST"))

    def test_the_bucket_is_not_there(self):
        done = self.load(self.numbers(3), to=self.moto.uri("x", bucket="no-bucket"))
        self.assertIn(done.returncode, (1, 2))
        self.assert_said(done, done.returncode, "no-bucket")

    def test_busy_for_ever(self):
        self.refused("503", 1, "503")

    def test_busy_for_a_while(self):
        storm = {"left": 0}

        def rule(request):
            storm["left"] -= 1
            return "503" if storm["left"] >= 0 else None

        self.proxy.rule = rule
        for first in range(0, 50, 10):
            storm["left"] = 4
            self.well(self.numbers(10, first=first), to=self.through(retry_for="30s"))
        self.assertEqual(self.column(), list(range(50)))

    def test_every_other_request_fails(self):
        dice, loads = random.Random(SEED), 10 if LONG else 3
        for fate in ("503", "500", "drop", "lose"):
            with self.subTest(fate):
                table = f"t{fate}"
                self.proxy.rule = lambda request: fate if dice.random() < 0.3 else None
                for first in range(0, loads * 10, 10):
                    self.well(self.numbers(10, first=first), table=table, to=self.through(retry_for="60s"))
                self.assertEqual(self.column(table=table), list(range(loads * 10)), f"seed {SEED}")
                self.assertEqual(sum(adds > 0 for adds in self.adds(table).values()), loads, f"seed {SEED}")

    def test_an_answer_to_a_commit_is_lost(self):
        """The entry lies there, and it is ours: the load is done, and done once."""
        self.well(self.numbers(10), to=self.through())
        for number, fate in enumerate(("lose", "cut", "503"), 1):
            with self.subTest(fate):
                seen = []

                def rule(request):
                    if request.is_commit and not seen:
                        seen.append(request)
                        return fate
                    return None

                self.proxy.rule = rule
                self.well(self.numbers(10, first=number * 10), to=self.through())
                self.assertEqual(len(seen), 1)
                self.assertEqual(self.column(), list(range(number * 10 + 10)))

    def test_no_answer_to_a_commit_ever(self):
        """It is taken, and then the server is gone: the stream cannot know. The next start finds it, and does it not twice."""
        server = self.serve("--blocks", 20, "--max-blocks", 1)
        self.streamed(server, "--until", 5)
        gone = []

        def rule(request):
            if request.is_commit and len(gone) < 2:
                # The first put is the fence; the second one has the rows.
                gone.append(request)
                return "lose" if len(gone) == 2 else None
            return "drop" if len(gone) == 2 else None

        self.proxy.rule = rule
        process = self.start(server, "--until", 19, "--commit-rows", 1, to=self.through(**QUICK))
        self.wait_for(lambda: sum(request[2] == "drop" for request in self.proxy.requests) > 2, "the server is gone")
        self.assertEqual(len(gone), 2)
        self.kill(process)
        self.proxy.rule = lambda request: None
        self.streamed(server, "--until", 19, to=self.through())
        self.assert_canonical(server)

    def test_silence(self):
        self.refused("silent", 1, applies=lambda request: True)

    def test_silence_at_the_commit(self):
        self.refused("silent", 1, applies=lambda request: request.is_commit)

    def test_cut_bodies(self):
        """What is read in halves is never taken for the whole."""
        self.well(self.numbers(10))
        for _ in range(12):
            self.well(self.numbers(1, first=1000), to=self.to(checkpoint_interval=5))
        wanted = self.column()
        self.proxy.rule = lambda request: "cut" if request.method == "GET" and request.nth % 3 == 2 else None
        done = self.command("inspect", self.through(**QUICK), "--table", "t", "--json", "--limit", 1000)
        if done.returncode != 0:
            self.assert_said(done, 1)
        done = self.load(self.numbers(10, first=2000), to=self.through(retry_for="30s"))
        self.assertIn(done.returncode, (0, 1), done.stderr)
        self.assertEqual(self.column(), sorted(wanted + (list(range(2000, 2010)) if done.returncode == 0 else [])))

    def test_a_bucket_that_ignores_if_none_match(self):
        self.proxy.rule = lambda request: "unconditional" if request.method == "PUT" else None
        for table, made in (("new", False), ("old", True)):
            if made:
                self.well(self.numbers(10), table=table)
            before = self.everything()
            done = self.load(self.numbers(10, first=10), table=table, to=self.through())
            self.assertIn(done.returncode, (1, 2))
            self.assert_said(done, done.returncode, "If-None-Match")
            self.assertEqual({path for path in self.everything() if "_delta_log/0" in path},
                             {path for path in before if "_delta_log/0" in path})
        done = self.command("check", self.through())
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("If-None-Match", done.stdout + done.stderr)

    def test_conflicts_that_do_not_end(self):
        """Somebody is always faster."""
        self.well(self.numbers(10))
        self.proxy.rule = lambda request: "412" if request.is_commit else None
        done = self.load(self.numbers(10, first=10), to=self.through(commit_retry_for="2s", retry_for="2s"))
        self.assertEqual(done.returncode, 1, done.stderr)
        self.proxy.rule = lambda request: None
        self.well(self.numbers(10, first=10), to=self.through())
        self.assertEqual(self.column(), list(range(20)))

    def test_streams_through_a_storm(self):
        dice = random.Random(SEED)
        server = self.serve("--blocks", 40, "--script", "wait-sent 39; reorg 5 9; mine 5; sleep 500; reorg 10 11; mine 5",
                            "--max-blocks", 7)
        fates = ["503", "drop", "lose", "500", "cut"]
        self.proxy.rule = lambda request: dice.choice(fates) if dice.random() < 0.1 else None
        self.streamed(server, "--until", 54, "--commit-rows", 1, to=self.through(retry_for="60s"))
        self.assert_canonical(server)
        self.assert_live_files_are_there("logs")

    def test_wrong_credentials_are_not_repeated(self):
        os.environ["AWS_SECRET_ACCESS_KEY"] = "hidden123"
        self.addCleanup(os.environ.update, self.moto.variables())
        self.proxy.rule = lambda request: "403"
        done = self.load(self.numbers(3), to=self.through(**QUICK))
        self.assert_said(done, 1, "403")
        self.assertNotIn("hidden123", done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
