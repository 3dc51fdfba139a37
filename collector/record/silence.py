"""Agents that are silent for longer than their spool keeps what they measure.

An agent that cannot reach a collector keeps what it measured for at least seven days; one that was
not heard for longer may have lost some, or was stopped. That is said once for each silence, and so
is that it came back: by the collector's clock and by what it received, never by what an agent says.
"""

from typing import Final

from probes.model.instant import DAY, HOUR

AGENT_SILENT: Final = "agent.silent"
AGENT_RETURNED: Final = "agent.returned"

# No configuration of an agent may have its spool keep less (spool.keep_days).
SPOOL_KEEPS_US: Final = 7 * DAY
# Agents that lost their collector come back within ten minutes of its return.
LISTENS_FIRST_US: Final = HOUR


def unheard_since(now_us: int, listening_since_us: int) -> int | None:
    """Return the instant such that an agent last heard before it is silent for too long.

    None while the collector has only just begun to listen: the silence may have been its own.
    """
    if now_us - listening_since_us < LISTENS_FIRST_US:
        return None
    return now_us - SPOOL_KEEPS_US
