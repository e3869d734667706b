"""One caller of a model server, in a process that imports nothing large: ``callers.py PORT REQUESTS``."""

from __future__ import annotations

import contextlib
import http.client
import json
import sys
import time

ROWS = [{"x": x, "visits": 2, "city": "Bonn"} for x in (0.1, 0.4, 0.7, 1.0)]
BODY = json.dumps({"instances": ROWS}).encode()


def ask(port: int, requests: int) -> list[float]:
    """The seconds of each of so many requests over one connection."""
    connection, took = http.client.HTTPConnection("127.0.0.1", port, timeout=60), []
    with contextlib.closing(connection):
        for _ in range(requests):
            begun = time.perf_counter()
            connection.request("POST", "/v1/models/shop:predict", BODY, {"content-type": "application/json"})
            response = connection.getresponse()
            content = response.read()
            assert response.status == 200, content
            took.append(time.perf_counter() - begun)
    return took


def main() -> None:
    """Prints when it began and ended, and the seconds of each request, as JSON; the first twenty do not count."""
    port, requests = map(int, sys.argv[1:])
    ask(port, 20)
    begin = time.time()
    took = ask(port, requests)
    print(json.dumps({"begin": begin, "end": time.time(), "took": took}))


if __name__ == "__main__":
    main()
