"""Starts a server on a free loopback port and stops it again, by its process id."""
import os
import shutil
import socket
import subprocess
import tempfile
import time

CONFIGURATION = """listener {port} 127.0.0.1
allow_anonymous true
max_queued_messages 0
max_inflight_messages 0
persistence false
set_tcp_nodelay true
log_dest none
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """A binary, its kind (how it is started) and its role (the column it fills).

    Both are 'mosquitto', 'mqz' or 'relay'; another mosquitto may have the role 'mqz'. With
    `keeps_in`, an mqz has a store, and a relay a synced log, new for each start, in that directory.
    """

    def __init__(self, kind, binary, directory, extra=(), role=None, keeps_in=None):
        self.kind, self.binary, self.directory, self.extra = kind, binary, directory, list(extra)
        self.role, self.keeps_in = role or kind, keeps_in
        self.process, self.port, self.kept = None, 0, None

    def keeping(self):
        """The words that say where it keeps what it must not forget."""
        if self.keeps_in:
            self.kept = tempfile.mkdtemp(prefix="mqz-bench-store-", dir=self.keeps_in)
        if self.kind == "relay":
            return ["sync", os.path.join(self.kept, "log")] if self.kept else []
        is_told = self.kind != "mqz" or "--store" in self.extra
        return [] if is_told else ["--store", self.kept or "none"]

    def command(self):
        if self.kind == "relay":
            return [self.binary, str(self.port), *self.keeping(), *self.extra]
        path = os.path.join(self.directory, f"{self.role}.conf")
        with open(path, "w") as file:
            file.write(CONFIGURATION.format(port=self.port))
        words = ["broker"] if self.kind == "mqz" else []
        return [self.binary, *words, "-c", path, *self.keeping(), *self.extra]

    def __enter__(self):
        self.port = free_port()
        quiet = subprocess.DEVNULL
        self.process = subprocess.Popen(self.command(), stdin=quiet, stdout=quiet, stderr=quiet)
        deadline = time.monotonic() + 10
        while True:
            if self.process.poll() is not None:
                raise SystemExit(f"ratios: {self.binary} ended with {self.process.returncode}")
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return self
            except OSError:
                if time.monotonic() > deadline:
                    self.stop()
                    raise SystemExit(f"ratios: {self.binary} does not listen") from None
                time.sleep(0.01)

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.kept:
            shutil.rmtree(self.kept)
            self.kept = None
