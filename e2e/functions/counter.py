"""Counts its calls: what a module keeps persists."""

calls = 0


def main(payload):
    global calls
    calls += 1
    return calls
