#!/usr/bin/env python3
"""Counts words. Talks to Drover by JSON lines on standard output; needs nothing but Python 3."""

import argparse
import collections
import csv
import json
import pathlib
import re
import sys


def say(**members):
    print(json.dumps(members), flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--top", type=int, required=True)
    parser.add_argument("--language", default=None)
    parser.add_argument("input", type=pathlib.Path)
    parser.add_argument("output", type=pathlib.Path)
    options = parser.parse_args()

    size = options.input.stat().st_size
    counts = collections.Counter()
    read = 0
    with options.input.open("rb") as lines:
        for line in lines:
            read += len(line)
            try:
                counts.update(re.findall(r"\w+", line.decode("utf-8").lower()))
            except UnicodeDecodeError:
                say(error="The file is no text in UTF-8.")
                return 65
            say(progress=90 * read / size, stage="count")
    print("counted", sum(counts.values()), "words")  # a plain line: the job's log

    with (options.output / "words.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["word", "count"])
        table.writerows(counts.most_common(options.top))
    say(result={"words": sum(counts.values()), "different": len(counts), "language": options.language})
    return 0


sys.exit(main())
