"""Prints its payload."""


def main(payload):
    print("printed:", payload)
    return None
