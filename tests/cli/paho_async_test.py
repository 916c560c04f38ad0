"""Paho C's MQTTAsync against the broker: 3.1, 3.1.1 and 5. It is built from paho_c/async.cpp."""

import os

import harness
from interop import suite

suite.make_cases(globals(), "PahoAsync", (os.environ["MQZ_PAHO_ASYNC"],),
                 versions=(3, 4, 5) if harness.LONG else (4, 5))

if __name__ == "__main__":
    harness.main()
