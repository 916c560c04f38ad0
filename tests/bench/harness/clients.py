"""Speed and size of `mqz pub` and `mqz sub`, with mosquitto's clients beside them."""
import json
import os
import subprocess

from harness import limits


class ClientRows:
    """Each method prints one row per client, with the limit where it is mqz's."""

    def __init__(self, mqz, bench, directory, quick, report):
        self.mqz, self.bench, self.directory = mqz, bench, directory
        self.quick, self.report = quick, report

    def time(self, command, runs=1, stdin=os.devnull):
        """What mqz_time says of the command, or nothing when a run failed."""
        words = [os.path.join(self.bench, "mqz_time"), "--runs", str(runs), "--stdin", stdin]
        words += command
        result = subprocess.run(words, capture_output=True, text=True)
        figures = json.loads(result.stdout) if result.returncode == 0 else {"succeeded": False}
        if not figures["succeeded"]:
            print(f"failed: {' '.join(command)}: {(result.stderr.strip().splitlines() or [''])[0]}")
            return None
        return figures

    def clients(self, verb):
        """(name, command, is ours)"""
        yield f"mosquitto_{verb}", [f"mosquitto_{verb}", "-h", "127.0.0.1"], False
        if self.mqz:
            yield f"mqz {verb}", [self.mqz, verb, "-h", "127.0.0.1"], True

    def milliseconds(self, what, name, command, runs, limit):
        figures = self.time(command, runs)
        value = figures and figures["seconds"] * 1000
        self.report(what, name, value, "ms", limit)

    def peak(self, name, figures, ours):
        limit = limits.CLIENT_RSS_KIB_MAX if ours else None
        self.report("  peak memory", name, figures and figures["peak_kib"], "KiB", limit)

    def start(self):
        runs = 30 if self.quick else 200
        self.milliseconds("start", "true (floor)", ["true"], runs, None)
        if self.mqz:
            self.milliseconds("start", "mqz --version", [self.mqz, "--version"], runs,
                              limits.START_MS_MAX)

    def one_shot(self, broker):
        runs = 10 if self.quick else 100
        with broker as server:
            for name, command, ours in self.clients("pub"):
                words = [*command, "-p", str(server.port), "-t", "bench/one", "-m", "hello"]
                limit = limits.ONE_SHOT_MS_MAX if ours else None
                self.milliseconds("one-shot publish", name, words, runs, limit)

    def lines_file(self, count):
        path = os.path.join(self.directory, f"lines-{count}")
        if not os.path.exists(path):
            with open(path, "w") as file:
                file.writelines(f"{n:063d}\n" for n in range(count))
        return path

    def publish_lines(self, broker, qos):
        for name, command, ours in self.clients("pub"):
            count = 100_000 if self.quick else 1_000_000 if ours else 200_000
            with broker as server:
                words = [*command, "-p", str(server.port), "-t", "bench/l", "-q", str(qos), "-l"]
                figures = self.time(words, stdin=self.lines_file(count))
            least = limits.PUB_LINES_PER_SECOND_MIN[qos] if ours else None
            rate = figures and count / figures["seconds"]
            self.report(f"pub -l at QoS {qos}", name, rate, "lines/s", least, at_least=True)
            self.peak(name, figures, ours)

    def receive_lines(self, relay):
        """The relay waits for a slow subscriber, so the feed loses nothing."""
        count = 300_000 if self.quick else 3_000_000
        for name, command, ours in self.clients("sub"):
            with relay as server:
                feed = subprocess.Popen([os.path.join(self.bench, "mqz_load"), "--scenario", "feed",
                                         "--seconds", "60", "--port", str(server.port)]
                                        + ["--v5"] * ours, stdout=subprocess.DEVNULL)
                words = [*command, "-p", str(server.port), "-t", "bench/feed", "-C", str(count),
                         "-W", "50"]
                figures = self.time(words)
                feed.terminate()
                feed.wait()
            least = limits.SUB_LINES_PER_CPU_SECOND_MIN if ours else None
            rate = figures and count / figures["cpu_seconds"]
            self.report("sub", name, rate, "lines/CPU s", least, at_least=True)
            self.peak(name, figures, ours)
