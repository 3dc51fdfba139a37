"""An agent that waits for the acknowledgement of a batch, and a log that really holds it."""

from base64 import b64encode
from typing import Final

from agent.acknowledgement import Verifier
from agent.cursors import Cursor
from agent.seal import Sealed
from probes.model.canonical import JsonValue, decode_object, encode
from probes.model.checkpoint import Checkpoint, origin_of, sign_checkpoint
from probes.model.keys import SigningKey
from probes.model.merkle import EMPTY, consistency_path, inclusion_path, leaf_hash, proof
from tests.fuzz.seeds import ENVELOPES, KEY

_TENANT: Final = "CH-EXEMPLE"
_AGENT: Final = "ab" * 16
_INDEX: Final = 5
_BATCH: Final = Sealed(1, 1, 4, "", ENVELOPES[1], gzipped=False)
_LEAVES: Final = [
    leaf_hash(ENVELOPES[1] if number == _INDEX else b"%d" % number) for number in range(9)
]
_NODES: Final = EMPTY.appended(_LEAVES)[1]
_LOG: Final = SigningKey.from_seed(b"l" * 32)
_VERIFIER: Final = Verifier(_AGENT, _TENANT, (KEY.verifying_key, _LOG.verifying_key))


def _note(size: int) -> str:
    root = EMPTY.appended(_LEAVES[:size])[0].root
    origin = origin_of(_TENANT, _LOG.verifying_key.key_id)
    return sign_checkpoint(Checkpoint(origin, size, root), _LOG).text()


def _answer(seen: int, size: int) -> bytes:
    inclusion: list[JsonValue] = [*map(_text, proof(inclusion_path(_INDEX, size), _NODES))]
    consistency: list[JsonValue] = [*map(_text, proof(consistency_path(seen, size), _NODES))]
    return encode(
        {
            "agent": _AGENT,
            "batch": _BATCH.number,
            "index": _INDEX,
            "checkpoint": _note(size),
            "inclusion": inclusion,
            "consistency": consistency,
        }
    )


def _text(value: bytes) -> str:
    return b64encode(value).decode()


ANSWERS: Final = (_answer(4, 6), _answer(4, 9))
_BEFORE: Final = Cursor(checkpoint=_note(4))


def read(data: bytes) -> None:
    """Believe an answer only if the batch is where it says, in a log that the log key signed."""
    after = _VERIFIER.cursor_after(decode_object(data), _BATCH, _BEFORE)
    assert after.leaf == _INDEX
    assert after.checkpoint in {_note(6), _note(9)}
