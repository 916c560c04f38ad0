"""Paho C against the broker: MQTTAsync and MQTTClient, 3.1, 3.1.1 and 5.

The clients are built from paho_c/; $MQZ_PAHO_ASYNC and $MQZ_PAHO_CLIENT name them.
"""

import os

import harness
from interop import suite

suite.make_cases(globals(), "PahoAsync", (os.environ["MQZ_PAHO_ASYNC"],))
suite.make_cases(globals(), "PahoClient", (os.environ["MQZ_PAHO_CLIENT"],))

if __name__ == "__main__":
    harness.main()
