"""The two ways in which every test of the broker runs: one shard, and clients spread over four."""

import sys

PLACEMENTS = {
    "one_thread": ("--threads", "1"),
    "four_threads": ("--threads", "4", "--placement", "spread"),
}


def on_every_placement(case):
    """Makes one test class per placement of a class that passes `self.placement` to its broker."""
    module = sys.modules[case.__module__]
    for name, placement in PLACEMENTS.items():
        title = f"{case.__name__}_{name}"
        setattr(module, title, type(title, (case,), {"placement": placement,
                                                     "__module__": case.__module__}))
    return None
