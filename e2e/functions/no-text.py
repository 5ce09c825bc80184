"""Says that it returns JSON texts, and does not."""

RESULTS = {'"bytes"': b"1", '"bad"': "{nonsense", '"none"': None}


def main_json(text):
    return RESULTS[text]
