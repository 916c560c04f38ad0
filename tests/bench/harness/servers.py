"""Starts a server on a free loopback port and stops it again, by its process id."""
import os
import socket
import subprocess
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

    Both are 'mosquitto', 'mqz' or 'relay'; another mosquitto may have the role 'mqz'.
    """

    def __init__(self, kind, binary, directory, extra=(), role=None):
        self.kind, self.binary, self.directory, self.extra = kind, binary, directory, list(extra)
        self.role = role or kind
        self.process, self.port = None, 0

    def command(self):
        if self.kind == "relay":
            return [self.binary, str(self.port), *self.extra]
        path = os.path.join(self.directory, f"{self.role}.conf")
        with open(path, "w") as file:
            file.write(CONFIGURATION.format(port=self.port))
        words = ["broker"] if self.kind == "mqz" else []
        return [self.binary, *words, "-c", path, *self.extra]

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
