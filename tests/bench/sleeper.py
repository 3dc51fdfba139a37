"""How late this machine wakes a process that only sleeps: `-m tests.bench.sleeper TIMES EVERY_S`.

No program on it can start things more punctually than that. Prints the 99th percentile, in ms.
"""

import sys
import time
from statistics import quantiles


def late_ms(times: int, every_s: float) -> float:
    """Sleep so many times, each until an instant fixed beforehand; return the p99 of being late."""
    began = time.monotonic()
    delays = []
    for each in range(1, times + 1):
        due = began + each * every_s
        time.sleep(max(0, due - time.monotonic()))
        delays.append(time.monotonic() - due)
    return quantiles(delays, n=100)[-1] * 1e3


if __name__ == "__main__":
    print(late_ms(int(sys.argv[1]), float(sys.argv[2])))
