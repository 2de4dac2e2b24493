"""PgBouncer in front of a test server, in transaction mode: each transaction may have another connection of the
server's. For the user postgres."""

import shlex
import socket
import subprocess
import time

from processes import Keeper, PrivateFolder, ServiceError, as_user, free_port

USER = "postgres"
PROGRAM = "/usr/sbin/pgbouncer"


class PgBouncer:
    """Runs until `end`, or until this process is gone. `uri` is that of the server, through it."""

    def __init__(self, server, pool_size=4):
        self._server = server
        folder = PrivateFolder("pgbouncer", USER)
        self._folder = folder.path
        self.port = free_port()
        users = folder.write("users", '"postgres" ""\n')
        folder.write("pgbouncer.ini", f"""[databases]
* = host=127.0.0.1 port={server.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {self.port}
unix_socket_dir =
auth_type = trust
auth_file = {users}
pool_mode = transaction
default_pool_size = {pool_size}
max_client_conn = 50
server_round_robin = 1
ignore_startup_parameters = extra_float_digits
logfile = {self._folder}/log
pidfile = {self._folder}/pid
""")
        quoted = shlex.quote(str(self._folder))
        prefix = as_user(USER)
        self._keeper = Keeper(f"[ ! -s {quoted}/pid ] || kill -QUIT $(cat {quoted}/pid)\nrm -rf {quoted}", prefix)
        try:
            done = subprocess.run([*prefix, PROGRAM, "-d", "-q", str(self._folder / "pgbouncer.ini")], cwd="/",
                                  stdin=subprocess.DEVNULL, capture_output=True, text=True)
        except FileNotFoundError:
            raise ServiceError(f"{PROGRAM} is missing: run `make setup-test`") from None
        if done.returncode != 0:
            raise ServiceError(f"pgbouncer ended with {done.returncode}: {done.stdout}{done.stderr}{self.log()}")
        self._wait_until_it_listens()

    def _wait_until_it_listens(self):
        end = time.monotonic() + 30
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                if time.monotonic() > end:
                    raise ServiceError(f"pgbouncer does not listen: {self.log()}") from None
                time.sleep(0.02)

    def log(self):
        path = self._folder / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def uri(self, database="postgres", **parameters):
        return self._server.uri(database, port=self.port, **parameters)

    def end(self):
        self._keeper.end()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()
