"""Raises what its payload asks for."""


def main(payload):
    return deeper(payload)


def deeper(payload):
    raise ValueError(f"no such place:\n{payload['place']}")
