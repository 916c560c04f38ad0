"""Paho C's MQTTClient against the broker: 3.1.1 and 5. It is built from paho_c/client.cpp.

This library sleeps 100 ms in many of its calls.
"""

import os

import harness
from interop import suite

suite.make_cases(globals(), "PahoClient", (os.environ["MQZ_PAHO_CLIENT"],), versions=(4, 5),
                 is_slow=True)

if __name__ == "__main__":
    harness.main()
