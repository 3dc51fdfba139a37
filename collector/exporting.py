"""From the log to an evidence bundle: the entries that count, with the proofs that they do.

That a bundle was made is itself an entry, the last one it holds; the bundle says what was known
then. Entries are read twice, first to see where each agent's chain must begin and end, then to be
written, page by page.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO, Final

from collector.errors import ConfigurationError, RefusedError
from collector.evidence.account import Account, Measured, Stated, account_of, report_of
from collector.evidence.bundle import ENTRIES, EXPORTED, Keys, Tree
from collector.evidence.partial import missing_nodes
from collector.evidence.writing import BundleWriter, Proofs, window_bytes
from collector.judge.terms import WindowStatus
from collector.record.entry import RegisterEntry
from collector.register.planning import Where
from collector.register.sealing import Sealer, open_desk
from collector.report.value import Report
from collector.store.agents import AgentId
from collector.store.checkpoints import checkpoints_of, consistency, keep_checkpoint
from collector.store.log import entries, read_head
from collector.store.pool import Connection, Pool, connected, transaction
from collector.store.tenants import TenantId, tenant_named
from collector.store.tree import read_nodes, verify_tree
from probes.model.batch import Batch
from probes.model.canonical import encode
from probes.model.checkpoint import Note, origin_of, verifier_key
from probes.model.envelope import Envelope
"""


"""
