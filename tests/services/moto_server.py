"""An S3 server for tests: moto, on loopback, its objects in memory.

    with Moto() as server:
        server.uri("bucket", "lake")     delta:s3://bucket/lake?region=us-east-1&endpoint=http://127.0.0.1:PORT
        server.variables()               credentials for the command's environment
        server.files("bucket")           a pyarrow file system below the bucket
"""

import pathlib
import re
import subprocess
import sys
import tempfile
import urllib.request

from processes import ServiceError

REGION, KEY, SECRET = "us-east-1", "key", "secret"
BUCKET = "bucket"
VENV = pathlib.Path(__file__).resolve().parents[2] / ".deps" / "venv" / "bin" / "python"


class Moto:
    def __init__(self):
        self._process = subprocess.Popen([VENV if VENV.exists() else sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"],
                                         stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                         text=True, cwd=tempfile.gettempdir(), preexec_fn=end_with_parent)
        said = []
        for line in self._process.stderr:
            said.append(line)
            if found := re.search(r"Running on http://127.0.0.1:(\d+)", line):
                self.port = int(found[1])
                break
        else:
            raise ServiceError(f"moto does not start: {''.join(said)}")
        # It writes a line a request: somebody must read them, and no thread of ours, which may have to wait for a library that
        # holds Python's lock and waits for this server.
        self._reader = subprocess.Popen(["cat"], stdin=self._process.stderr, stdout=subprocess.DEVNULL)
        self._process.stderr.close()
        self.make_bucket(BUCKET)

    @property
    def endpoint(self):
        return f"http://127.0.0.1:{self.port}"

    def make_bucket(self, name):
        urllib.request.urlopen(urllib.request.Request(f"{self.endpoint}/{name}", method="PUT")).close()

    def uri(self, prefix="lake", bucket=BUCKET, endpoint=None, **options):
        more = "".join(f"&{name}={value}" for name, value in options.items())
        return f"delta:s3://{bucket}/{prefix}?region={REGION}&endpoint={endpoint or self.endpoint}{more}"

    def variables(self):
        return {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_EC2_METADATA_DISABLED": "true",
                "AWS_CONFIG_FILE": "/nonexistent", "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent"}

    def environment(self):
        return dict(self.variables(), AWS_REGION=REGION, AWS_ENDPOINT_URL=self.endpoint,
                    AMPLOAD_TEST_DELTALAKE_URI=self.uri())

    def files(self, bucket=BUCKET):
        import pyarrow.fs
        whole = pyarrow.fs.S3FileSystem(access_key=KEY, secret_key=SECRET, region=REGION, endpoint_override=self.endpoint)
        return pyarrow.fs.SubTreeFileSystem(bucket, whole)

    def storage_options(self):
        """For deltalake."""
        return {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_REGION": REGION,
                "AWS_ENDPOINT_URL": self.endpoint, "AWS_ALLOW_HTTP": "true", "conditional_put": "etag"}

    def end(self):
        self._process.kill()
        self._process.wait()
        self._reader.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()


def end_with_parent():
    """The kernel ends this process when its parent has gone, however it went."""
    import ctypes
    import signal
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
