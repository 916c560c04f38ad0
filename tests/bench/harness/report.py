"""The table of figures, ratios and limits."""
import statistics

from harness import limits

ROW = "{:<18} {:>7} {:>10} {:>10} {:>7} {:>7} {:>7}  {}"
STORE_ROW = "{:<18} {:>10} {:>10} {:>10} {:>10} {:>7} {:>9}  {}"
FIGURES = {"cpu_us": "CPU us", "per_second": "per second", "p99_us": "p99 us", "p50_us": "p50 us"}
CLIENT_ROW = "{:<18} {:<14} {:>10} {:<12} {:<18} {}"


def median(runs, key):
    values = [run[key] for run in runs or [] if key in run]
    return statistics.median(values) if values else None


def ratio(runs, base, key):
    """The median of the repetitions' own ratios."""
    pairs = [(a[key], b[key]) for a, b in zip(runs or [], base or []) if key in a and key in b]
    ratios = [a / b for a, b in pairs if b > 0]
    return statistics.median(ratios) if ratios else None


def show(value, form="{:.3f}"):
    return "-" if value is None else form.format(value)


class Report:
    """`judged` is the role that the limits are for; `missed` says whether one was."""

    def __init__(self, judged):
        self.judged = judged
        self.missed = False

    def say(self, form, *words):
        print(form.format(*words).rstrip(), flush=True)

    def verdict(self, value, limit, at_least=False):
        if limit is None:
            return ""
        if value is not None and (value >= limit if at_least else value <= limit):
            return "ok"
        self.missed = True
        return "MISSED" if value is not None else "FAILED"

    def header(self):
        self.say(ROW, "scenario", "figure", "mosquitto", self.judged, "ratio", "relay", "limit", "")

    def row(self, name, by_role, figure, key, limit, absolute=False):
        base, ours = by_role.get("mosquitto"), by_role.get(self.judged)
        own = ratio(ours, base, key)
        word = self.verdict(median(ours, key) if absolute else own, limit) if ours else ""
        form = "{:.3f}" if key == "cpu_us" else "{:.0f}"
        floor = ratio(by_role.get("relay"), base, key) if self.judged != "relay" else None
        self.say(ROW, name, figure, show(median(base, key), form), show(median(ours, key), form),
                 show(own), show(floor), show(limit, "{:g}"), word + self.faults(by_role))

    def faults(self, by_role):
        faulty = [role for role, runs in by_role.items() if not all(run["clean"] for run in runs)]
        self.missed = self.missed or self.judged in faulty or "store" in faulty
        return f"  lost, doubled or disordered: {' '.join(faulty)}" if faulty else ""

    def scenario(self, table):
        for name, by_role in table.items():
            self.row(name, by_role, "CPU us", "cpu_us", limits.RATIO_MAX.get(name))
            if name in limits.LATENCY_RATIO_MAX:
                self.row(name, by_role, "p50 us", "p50_us", limits.LATENCY_RATIO_MAX[name])
                self.row(name, by_role, "p99 us", "p99_us", limits.LATENCY_RATIO_MAX[name])
            if name in limits.BYTES_MAX:
                self.row(name, by_role, "bytes", "bytes_each", limits.BYTES_MAX[name],
                         absolute=True)

    def store_header(self):
        self.say("\nwith a store; the ratio is to the same broker without (CPU), or to the relay")
        self.say(STORE_ROW, "scenario", "figure", "memory", "store", "relay", "ratio", "limit", "")

    def store(self, table):
        for name, by_role in table.items():
            for key, base, limit, at_least in limits.STORE[name]:
                self.store_row(name, by_role, key, base, limit, at_least)

    def store_row(self, name, by_role, key, base, limit, at_least):
        ours = by_role.get("store")
        own = ratio(ours, by_role.get(base), key) if base else None
        judged = own if base else median(ours, key)
        word = self.verdict(judged, limit, at_least) if ours or limit is not None else ""
        form = "{:.3f}" if key == "cpu_us" else "{:.0f}"
        columns = [show(median(by_role.get(role), key), form)
                   for role in ("memory", "store", "relay")]
        bound = "-" if limit is None else f"{'>=' if at_least else '<='} {limit:g}"
        self.say(STORE_ROW, name, FIGURES[key], *columns, show(own), bound,
                 word + self.faults(by_role))

    def client(self, what, who, value, unit, limit=None, at_least=False):
        word = self.verdict(value, limit, at_least)
        bound = "" if limit is None else f"at {'least' if at_least else 'most'} {limit}"
        form = "{:.2f}" if unit == "ms" else "{:.0f}"
        self.say(CLIENT_ROW, what, who, show(value, form), unit, bound, word)
