"""Fifty readers of the portal's overview at once, over real HTTP: latencies, errors, snapshots.

    ioc serve --port 8080 &  python scripts/load_portal.py http://127.0.0.1:8080 --seconds 60

Publish meanwhile (`ioc refresh`): both snapshots are then among those seen. Each reader asks again
as soon as it has its answer, on a connection that it keeps, as a browser does; a page whose text
is of another snapshot than its header says counts as an error.
"""

from __future__ import annotations

import argparse
import http.client
import json
import re
import statistics
import sys
import threading
import time
from urllib.parse import urlsplit

SNAPSHOT = re.compile(rb"<code>(\d{8}T\d{6}-[0-9a-f]{8})</code>")
P95_MS = 200


class Reader(threading.Thread):
    """One reader: what it waited for each page, what went wrong, which snapshots it saw."""

    def __init__(self, host: str, port: int, path: str, until: float, think_s: float) -> None:
        super().__init__()
        self.at, self.path, self.until, self.think_s = (host, port), path, until, think_s
        self.waited_ms: list[float] = []
        self.errors: list[str] = []
        self.snapshots: set[str] = set()

    def run(self) -> None:
        connection = http.client.HTTPConnection(*self.at, timeout=30)
        while time.monotonic() < self.until:
            started = time.perf_counter()
            try:
                connection.request("GET", self.path)
                answer = connection.getresponse()
                page = answer.read()
            except (OSError, http.client.HTTPException) as error:
                self.errors.append(repr(error))
                connection.close()
                continue
            self.waited_ms.append((time.perf_counter() - started) * 1000)
            told, said = answer.headers["ioc-snapshot"], SNAPSHOT.search(page)
            if answer.status != http.client.OK or not said or said[1].decode() != told:
                self.errors.append(f"{answer.status} {told} {said and said[1]}")
            self.snapshots.add(str(told))
            time.sleep(self.think_s)
        connection.close()


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("url")
    options.add_argument("--users", type=int, default=50)
    options.add_argument("--seconds", type=float, default=60)
    options.add_argument("--think", type=float, default=0, help="seconds between two pages")
    options.add_argument("--path", default="/")
    given = options.parse_args()
    address, until = urlsplit(given.url), time.monotonic() + given.seconds
    host, port = address.hostname or "127.0.0.1", address.port or 80
    readers = [Reader(host, port, given.path, until, given.think) for _ in range(given.users)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    waited = sorted(ms for reader in readers for ms in reader.waited_ms)
    errors = [error for reader in readers for error in reader.errors]
    p95 = statistics.quantiles(waited, n=100)[94]
    told = {
        "users": given.users,
        "pages": len(waited),
        "pages_per_s": round(len(waited) / given.seconds),
        "p50_ms": round(statistics.median(waited), 1),
        "p95_ms": round(p95, 1),
        "max_ms": round(waited[-1], 1),
        "errors": len(errors),
        "first_errors": errors[:3],
        "snapshots": sorted(set().union(*(reader.snapshots for reader in readers))),
    }
    print(json.dumps(told, indent=1))
    return int(bool(errors) or p95 >= P95_MS)


if __name__ == "__main__":
    sys.exit(main())
