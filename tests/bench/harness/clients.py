"""Speed and size of `mqz pub` and `mqz sub`, with mosquitto's clients beside them."""
import os
import statistics
import subprocess
import time

from harness import limits

NULL = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]


def spawn(arguments, stdin=os.devnull):
    """Runs a command with its output thrown away: (seconds, CPU seconds, peak KiB, exit code)."""
    actions = [(os.POSIX_SPAWN_OPEN, 0, stdin, os.O_RDONLY, 0), *NULL]
    begin = time.perf_counter()
    pid = os.posix_spawnp(arguments[0], arguments, os.environ, file_actions=actions)
    _, status, usage = os.wait4(pid, 0)
    seconds = time.perf_counter() - begin
    code = os.waitstatus_to_exitcode(status)
    return seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss, code


def median_ms(arguments, runs):
    results = [spawn(arguments) for _ in range(runs)]
    if any(code != 0 for *_, code in results):
        return None
    return statistics.median(seconds for seconds, *_ in results) * 1000


class ClientRows:
    """Each method prints one row per client, and its own limit where mqz is concerned."""

    def __init__(self, mqz, load, server, directory, quick, report):
        self.mqz, self.load, self.server, self.quick = mqz, load, server, quick
        self.directory, self.report = directory, report

    def publishers(self):
        yield "mosquitto_pub", ["mosquitto_pub"]
        if self.mqz:
            yield "mqz pub", [self.mqz, "pub"]

    def where(self, server):
        return ["-h", "127.0.0.1", "-p", str(server.port)]

    def start(self):
        runs = 30 if self.quick else 200
        self.report("start (floor)", "true", median_ms(["true"], runs), "ms")
        if self.mqz:
            took = median_ms([self.mqz, "--version"], runs)
            self.report("start", "mqz --version", took, "ms", limits.START_MS_MAX)

    def one_shot(self):
        with self.server as server:
            for name, command in self.publishers():
                limit = limits.ONE_SHOT_MS_MAX if name == "mqz pub" else None
                words = [*command, *self.where(server), "-t", "bench/one", "-m", "hello"]
                took = median_ms(words, 10 if self.quick else 50)
                self.report("one-shot publish", name, took, "ms", limit)

    def lines_file(self, count):
        path = os.path.join(self.directory, f"lines-{count}")
        if not os.path.exists(path):
            with open(path, "w") as file:
                file.writelines(f"{n:063d}\n" for n in range(count))
        return path

    def pub_lines(self, qos):
        for name, command in self.publishers():
            ours = name == "mqz pub"
            count = 100_000 if self.quick else 1_000_000
            if not ours:
                count //= 10  # it is slow at QoS 1
            with self.server as server:
                words = [*command, *self.where(server), "-t", "bench/l", "-q", str(qos), "-l"]
                seconds, _, rss, code = spawn(words, self.lines_file(count))
            rate = count / seconds if code == 0 else None
            least = limits.PUB_LINES_PER_SECOND_MIN[qos] if ours else None
            self.report(f"pub -l QoS {qos}", name, rate, "lines/s", least, at_least=True)
            self.report("  peak", name, rss, "KiB", limits.CLIENT_RSS_KIB_MAX if ours else None)

    def sub_lines(self):
        """The feed goes through the relay, which waits for a slow subscriber: nothing is lost."""
        count = 300_000 if self.quick else 3_000_000
        rows = [("mosquitto_sub", ["mosquitto_sub"], [])]
        if self.mqz:
            rows.append(("mqz sub", [self.mqz, "sub"], ["--v5"]))
        for name, command, version in rows:
            with self.server as server:
                feed = subprocess.Popen([self.load, "--scenario", "feed", "--seconds", "60", "--port",
                                         str(server.port), *version], stdout=subprocess.DEVNULL)
                words = [*command, *self.where(server), "-t", "bench/feed", "-C", str(count), "-W", "50"]
                _, cpu, rss, code = spawn(words)
                feed.terminate()
                feed.wait()
            ours = name == "mqz sub"
            least = limits.SUB_LINES_PER_CPU_SECOND_MIN if ours else None
            rate = count / cpu if code == 0 else None
            self.report("sub", name, rate, "lines/CPU s", least, at_least=True)
            self.report("  peak", name, rss, "KiB", limits.CLIENT_RSS_KIB_MAX if ours else None)
