"""What is required: of each figure, at most this."""

# Broker CPU per message, mosquitto = 1. Keys are the scenario names in mqz_load's output.
RATIO_MAX = {
    "one-q0": 0.030,
    "one-q1": 0.025,
    "one-q2": 0.022,
    "one-1k": 0.065,
    "fanout": 0.09,
    "fanin": 0.060,
    "pairs-q0": 0.065,
    "pairs-q1": 0.055,
    "wildcards": 0.12,
    "fixed-q0": 0.78,
    "fixed-q1": 0.80,
    "connect": 0.70,
    "churn": 0.75,
    "retained-store": 0.15,
    "retained-deliver": 0.10,
}

# p50 and p99 no worse than mosquitto's; two equal brokers differ by this much.
LATENCY_RATIO_MAX = {"fixed-q0": 1.05, "fixed-q1": 1.05}

# Resident bytes for each object.
BYTES_MAX = {
    "connect": 700,
    "connect-sub": 1200,
    "retained-store": 500,
    "wildcards-filters": 600,
    "queued-store": 250,
}

# Beside a store: (figure, in relation to whom or nobody, limit, is it the least?). The same broker
# without a store is "memory"; the relay then syncs what it acknowledges.
STORE = {
    "store-queue": [("per_second", None, 600_000, True), ("cpu_us", "memory", 2, False)],
    "store-drain": [("per_second", None, 500_000, True), ("cpu_us", "memory", None, False)],
    "store-group": [("per_second", "relay", 0.9, True), ("p99_us", "relay", 1.5, False)],
    "store-pair": [("per_second", None, 250_000, True), ("cpu_us", "memory", None, False)],
    "store-live-q0": [("cpu_us", "memory", 1.05, False)],
    "store-live-q1": [("cpu_us", "memory", 1.05, False)],
}

# Of the clients.
ONE_SHOT_MS_MAX = 3
START_MS_MAX = 2
PUB_LINES_PER_SECOND_MIN = {0: 300_000, 1: 150_000}
SUB_LINES_PER_CPU_SECOND_MIN = 1_000_000
CLIENT_RSS_KIB_MAX = 16 * 1024
