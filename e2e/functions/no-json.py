"""Returns what JSON cannot hold, one way or another."""

RESULTS = {
    "set": lambda: {1, 2},
    "nan": lambda: float("nan"),
    "key": lambda: {(1, 2): 3},
    "circle": lambda: circle(),
    "none": lambda: None,
}


def circle():
    values = []
    values.append(values)
    return values


def main(payload):
    return RESULTS[payload]()
