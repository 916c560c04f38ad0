"""Debian's Paho Python against the broker: 3.1, 3.1.1 and 5."""

import os

import harness
from interop import suite

DRIVER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "paho_python", "driver.py")

suite.make_cases(globals(), "PahoPython", ("/usr/bin/python3", "-B", DRIVER))

if __name__ == "__main__":
    harness.main()
