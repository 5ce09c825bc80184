"""Ends badly, in the ways in which Python itself can."""

import os
import sys


def main(payload):
    if payload == "recursion":
        return main(payload)
    if payload == "exit":
        sys.exit(3)
    if payload == "abort":
        os.abort()
    return payload
