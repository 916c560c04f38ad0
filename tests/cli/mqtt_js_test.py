"""mqtt.js against the broker: 3.1, 3.1.1 and 5.

packaging/install-deps --tests installs the library; $MQZ_NODE_MODULES says where.
"""

import os
import shutil

import harness
from interop import suite

DRIVER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "mqtt_js", "driver.js")
NODE = shutil.which("node") or "node"

# The environment of clients is clean, so this word goes on the command line.
WORDS = ("/usr/bin/env", "NODE_PATH=" + os.environ["MQZ_NODE_MODULES"], NODE, DRIVER)

suite.make_cases(globals(), "MqttJs", WORDS)

if __name__ == "__main__":
    harness.main()
