"""One suite of scenarios, played by clients of several makers against the built broker.

`driver.py` is this side of a client, `suite.py` makes test cases of scenarios, and the other files
are the scenarios, by subject. A maker's client is a small program beside this folder (`paho_c/`,
`paho_python/`, `mqtt_js/`) that takes one command per line on its standard input and tells what
happens, one event per line; `driver.py` lists both.
"""
