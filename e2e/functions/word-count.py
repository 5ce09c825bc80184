"""A function that no other runtime knows: how often each word is in a text."""

import re

WORD = re.compile(r"[^\W\d_]+")


def main(payload):
    counts = {}
    for word in WORD.findall(payload["text"].lower()):
        counts[word] = counts.get(word, 0) + 1
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
