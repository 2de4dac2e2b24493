"""Redis servers for tests: on loopback and a unix socket, free ports, a private folder.

    with Redis() as server:                      # Debian's version 7.0
        run(server.uri())                        # redis://127.0.0.1:PORT/0
        server.crash(); server.start()           # with what its append-only file has
"""

import shlex
import shutil
import signal
import socket
import subprocess
import time
import urllib.parse

import certificate
from processes import Keeper, PrivateFolder, ServiceError, as_user, free_port

USER = "redis"
PROGRAM = "redis-server"

# What a test server has where a test says nothing else: no snapshots, and every command that a test may want.
SETTINGS = {
    "bind": "127.0.0.1",
    "save": '""',
    "maxmemory-policy": "noeviction",
    "enable-debug-command": "yes",
    "repl-diskless-sync-delay": "0",
    "loglevel": "notice",
}
APPEND_ONLY = {"no": {"appendonly": "no"},
               "everysec": {"appendonly": "yes", "appendfsync": "everysec"},
               "always": {"appendonly": "yes", "appendfsync": "always"}}


class Redis:
    """A running server. `end` stops it and removes its folder; so does the end of this process.

    settings    over those of redis.conf above
    appendonly  "no", "everysec", "always": when a write is in the file
    password    of the user `default`; None: nobody is asked for one
    acl         user -> rules, as the command ACL SETUSER takes them: {"loader": "on >secret ~* +@all"}
    tls         a second port, which speaks TLS with a certificate of its own (`certificate_file`); `tls_only`: no other
    replica_of  another Redis, whose data it copies
    """

    def __init__(self, settings=None, appendonly="no", password=None, acl=None, tls=False, tls_only=False,
                 replica_of=None):
        if shutil.which(PROGRAM) is None:
            raise ServiceError(f"{PROGRAM} is missing: run `make setup-test`")
        self._folder = PrivateFolder("redis", USER)
        self.folder = self._folder.path
        self._as_user = as_user(USER)
        self.socket = self.folder / "socket"
        self.password = password
        self.port, self.tls_port = (0 if tls_only else free_port()), (free_port() if tls or tls_only else 0)
        self.certificate_file = self.folder / "server.crt"
        self._process = None
        pid = shlex.quote(str(self.folder / "pid"))
        self._keeper = Keeper(f"[ ! -s {pid} ] || kill -KILL $(cat {pid})\nrm -rf {shlex.quote(str(self.folder))}",
                              self._as_user)
        lines = dict(SETTINGS, port=str(self.port), unixsocket=str(self.socket), unixsocketperm="777",
                     dir=str(self.folder), pidfile=str(self.folder / "pid"), logfile=str(self.folder / "log"),
                     **APPEND_ONLY[appendonly])
        try:
            if self.tls_port:
                certificate.make(self.folder, self._as_user)
                lines |= {"tls-port": str(self.tls_port), "tls-cert-file": str(self.certificate_file),
                          "tls-key-file": str(self.folder / "server.key"),
                          "tls-ca-cert-file": str(self.certificate_file), "tls-auth-clients": "optional"}
            if password is not None:
                lines["requirepass"] = f'"{password}"'
            if replica_of is not None:
                lines["replicaof"] = f"127.0.0.1 {replica_of.port}"
            lines |= settings or {}
            users = "".join(f"user {name} {rules}\n" for name, rules in (acl or {}).items())
            self._conf = self._folder.write("redis.conf", "".join(f"{k} {v}\n" for k, v in lines.items()) + users)
            self.start()
        except BaseException:
            self._keeper.end()
            raise

    def start(self, wait=True):
        """Also after a stop or a crash, with the same folder and ports. It answers commands when this returns; with
        wait=False it may still be loading its data."""
        self._process = subprocess.Popen([*self._as_user, PROGRAM, str(self._conf)], cwd="/", stdin=subprocess.DEVNULL,
                                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        end = time.monotonic() + 60
        while True:
            said = self._ping()
            if said.startswith(("+PONG", "-NOAUTH")) or (not wait and said.startswith("-LOADING")):
                return
            if self._process.poll() is not None or time.monotonic() > end:
                raise ServiceError(f"{PROGRAM} does not start:\n{self.log()}")
            time.sleep(0.01)

    def _ping(self):
        """What it says to that; nothing where nobody listens."""
        with socket.socket(socket.AF_UNIX) as connection:
            try:
                connection.settimeout(10)
                connection.connect(str(self.socket))
                connection.sendall(b"PING\r\n")
                return connection.recv(100).decode()
            except OSError:
                return ""

    @property
    def pid(self):
        return self._process.pid

    def _ended(self):
        self._process.wait(60)
        for name in ("pid", "socket"):
            (self.folder / name).unlink(missing_ok=True)

    def stop(self):
        """As an administrator stops it: what is to be written is written."""
        self.resume()
        self._process.send_signal(signal.SIGTERM)
        self._ended()

    def crash(self):
        """Nobody says goodbye: the next start has what the append-only file has, if there is one."""
        self._process.send_signal(signal.SIGKILL)
        self._ended()

    def pause(self):
        """It keeps its connections and does nothing."""
        self._process.send_signal(signal.SIGSTOP)

    def resume(self):
        self._process.send_signal(signal.SIGCONT)

    def append_only_file(self):
        """The part that is being written, of a server with one."""
        return max((self.folder / "appendonlydir").glob("*.incr.aof"), key=lambda path: int(path.name.split(".")[-3]))

    def log(self):
        path = self.folder / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def uri(self, database=0, user=None, password=None, port=None, tls=None, **options):
        """`tls`: over that port; by default where there is no other."""
        tls = not self.port if tls is None else tls
        password = password if password is not None else self.password
        who = "" if password is None and user is None else \
            f"{urllib.parse.quote(user or '', safe='')}:{urllib.parse.quote(password or '', safe='')}@"
        query = f"?{urllib.parse.urlencode(options, quote_via=urllib.parse.quote)}" if options else ""
        return f"redis{'s' if tls else ''}://{who}127.0.0.1:{port or (self.tls_port if tls else self.port)}" \
               f"/{database}{query}"

    def socket_uri(self, database=0, **options):
        query = urllib.parse.urlencode({"database": database, **options}, quote_via=urllib.parse.quote)
        return f"unix://{self.socket}?{query}"

    def environment(self):
        return {"AMPLOAD_TEST_REDIS_URI": self.uri()}

    def end(self):
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._ended()
        self._keeper.end()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()
