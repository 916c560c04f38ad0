#!/usr/bin/python3
"""Writes the names of scenarios into the tables, from the tags in tests/scenario/*.txt.

Other tests that a row names are kept; a row that gains its first test is no longer open.
"""
import pathlib
import re

HERE = pathlib.Path(__file__).parent


def scenarios_by_tag():
    found = {}
    for path in sorted((HERE.parent / "scenario").glob("*.txt")):
        for line in path.read_text().splitlines():
            if line.startswith("# "):
                name = path.name + ": " + line[2:].split(" [")[0]
                for tag in re.findall(r"\[(.*?)\]", line):
                    found.setdefault(tag, []).append(name)
    return found


def fill(table, prefix, found):
    path = HERE / table
    head, *rows = path.read_text().splitlines()
    for i, row in enumerate(rows):
        *cells, test = row.split("\t")
        kept = [name for name in test.split("; ") if ".txt: " not in name]
        names = found.get(prefix + cells[0], [])
        if names:
            kept = [name for name in kept if not name.startswith(("open", "untestable"))]
        rows[i] = "\t".join([*cells, "; ".join(kept + names) or "open"])
    path.write_text("\n".join([head, *rows]) + "\n")


if __name__ == "__main__":
    by_tag = scenarios_by_tag()
    fill("mqtt311.tsv", "v311 ", by_tag)
    fill("mqtt5.tsv", "", by_tag)
