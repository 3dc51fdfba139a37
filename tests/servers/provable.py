"""What a collector proves of its log, from the leaves it has."""

from base64 import b64encode
from collections.abc import Sequence

from probes.model.checkpoint import Checkpoint, origin_of, sign_checkpoint
from probes.model.keys import SigningKey
from probes.model.merkle import (
    EMPTY,
    consistency_path,
    inclusion_path,
    leaf_hash,
    proof,
)


def checkpoint_of(log: Sequence[bytes], tenant: str, key: SigningKey) -> str:
    """The head of a log, signed."""
    tree, _ = EMPTY.appended(map(leaf_hash, log))
    origin = origin_of(tenant, key.verifying_key.key_id)
    return sign_checkpoint(Checkpoint(origin, tree.size, tree.root), key).text()


def proven(
    log: Sequence[bytes], tenant: str, key: SigningKey, index: int, seen: int
) -> dict[str, object]:
    """What an acknowledgement says of a log, and of an entry of it."""
    tree, nodes = EMPTY.appended(map(leaf_hash, log))
    paths = {
        "inclusion": inclusion_path(index, tree.size),
        "consistency": consistency_path(min(seen, tree.size), tree.size),
    }
    proofs = {
        name: [b64encode(each).decode() for each in proof(path, nodes)]
        for name, path in paths.items()
    }
    return {"index": index, "checkpoint": checkpoint_of(log, tenant, key), "seen": seen, **proofs}
