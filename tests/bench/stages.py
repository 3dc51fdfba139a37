"""Where the time of one batch goes inside the collector, stage by stage, each alone and warm."""

import gzip
from collections.abc import Callable, Sequence
from time import process_time
from typing import TypeVar

from collector.api.body import gunzip
from collector.store.agents import Agent, AgentId
from collector.store.packing import Header, header_text, unpack_batch
from collector.store.received import LARGEST_ENVELOPE, read_batch, read_envelope
from collector.store.tenants import TenantId
from collector.store.wire import read_plain
from probes.model.merkle import leaf_hash
from tests.bench.fleet import BenchSender, Shape

_Item = TypeVar("_Item")


def print_stages(shape: Shape, count: int = 500) -> None:
    """Print the CPU microseconds that each stage takes of a batch."""
    sender = BenchSender()
    agent = Agent(TenantId(1), sender.tenant, AgentId(1), sender.vantage, sender.key.verifying_key)
    bodies = list(sender.rounds(shape, count))
    encoded = [gzip.decompress(body) for body in bodies]
    envelopes = [read_envelope(each) for each in encoded]
    received = [
        read_batch(agent, envelope, each) for envelope, each in zip(envelopes, encoded, strict=True)
    ]
    header = Header(1, header_text(received[0].batch))
    packed = [each.packed(header) for each in received]
    print(f"{shape}, CPU of one batch in the collector, by stage:")
    _print("decompress", bodies, lambda body: gunzip(body, LARGEST_ENVELOPE))
    _print("open the envelope", encoded, read_envelope)
    _print("verify the signature", envelopes, lambda envelope: envelope.signed_by(agent.key))
    _print("read and check", envelopes, lambda envelope: read_plain(envelope.payload))
    _print("pack and prove", received, lambda each: each.packed(header))
    _print("hash the leaf", encoded, leaf_hash)
    _print("(projector) unpack", packed, lambda each: unpack_batch(each, header.text))


def _print(what: str, items: Sequence[_Item], stage: Callable[[_Item], object]) -> None:
    times = []
    for _ in range(3):
        began = process_time()
        for item in items:
            stage(item)
        times.append(process_time() - began)
    print(f"  {what:22} {min(times) / len(items) * 1e6:6.1f} µs")
