"""What neighbours call to keep this runtime busy: works as many strokes as its payload says, and returns that number."""

from math import sqrt


def main(strokes):
    if type(strokes) is not int or not 0 <= strokes <= 1_000_000:
        raise ValueError("spin takes a whole number of strokes, at most 1000000")
    for _ in range(strokes):
        total = 0.0
        for i in range(1000):
            total += sqrt(i)
    return strokes
