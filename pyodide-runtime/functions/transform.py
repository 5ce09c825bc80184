"""Decodes the payload into Python objects and encodes it again, fields sorted by name as the native one has them."""

import json


def main_json(text):
    return json.dumps(json.loads(text), ensure_ascii=False, separators=(",", ":"), sort_keys=True)
