"""CPU-bound: the sum of the square roots of 0 to 999."""

from math import sqrt


def main(payload):
    total = 0.0
    for i in range(1000):
        total += sqrt(i)
    return {"result": total, "input": payload}
