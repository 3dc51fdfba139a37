"""Ed25519 keys and the strict check of public ones."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from probes.model.keys import SigningKey, VerifyingKey, WeakKeyError, check_public_key, key_id

P = 2**255 - 19
D = -121665 * pow(121666, -1, P) % P
IDENTITY = (0, 1)

# RFC 8032, section 7.1, TEST 2.
SEED = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
PUBLIC = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
SIGNATURE = bytes.fromhex(
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
)


def add(one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
    """Edwards addition, written out: the textbook formula, nothing of the module under test."""
    (x1, y1), (x2, y2) = one, other
    cross = D * x1 * x2 * y1 * y2
    return (
        (x1 * y2 + x2 * y1) * pow(1 + cross, -1, P) % P,
        (y1 * y2 + x1 * x2) * pow(1 - cross, -1, P) % P,
    )


def points_of_small_order() -> set[tuple[int, int]]:
    """Return the eight points P with 8·P = 0, found from one of order eight."""
    y = int.from_bytes(
        bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little"
    )
    x_squared = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(x_squared, (P + 3) // 8, P)
    if x * x % P != x_squared:
        x = x * pow(2, (P - 1) // 4, P) % P
    found, point = set(), IDENTITY
    for _ in range(8):
        point = add(point, (x, y))
        found.add(point)
    return found


def encodings_of(point: tuple[int, int]) -> set[bytes]:
    """Return every 32 bytes a lax decoder takes for the point, canonical or not."""
    x, y = point
    signs = {x & 1} if x else {0, 1}
    ys = {value for value in (y, y + P) if value < 2**255}
    return {(value | sign << 255).to_bytes(32, "little") for value in ys for sign in signs}


def test_the_eight_points_of_small_order_really_have_small_order() -> None:
    points = points_of_small_order()
    assert len(points) == 8
    assert IDENTITY in points


@pytest.mark.parametrize(
    "raw", sorted(set().union(*map(encodings_of, points_of_small_order()))), ids=bytes.hex
)
def test_every_encoding_of_a_point_of_small_order_is_refused(raw: bytes) -> None:
    Ed25519PublicKey.from_public_bytes(raw)  # the library itself does not object
    with pytest.raises(WeakKeyError, match=r"small order|canonical"):
        check_public_key(raw)


@pytest.mark.parametrize("y", range(P, 2**255))
def test_an_encoding_that_is_not_canonical_is_refused(y: int) -> None:
    for sign in (0, 1):
        with pytest.raises(WeakKeyError, match="canonical"):
            check_public_key((y | sign << 255).to_bytes(32, "little"))


def test_bytes_that_are_no_point_of_the_curve_are_refused() -> None:
    with pytest.raises(WeakKeyError, match="not a point of the curve"):
        check_public_key((2).to_bytes(32, "little"))


def test_a_key_of_another_length_is_refused() -> None:
    with pytest.raises(WeakKeyError, match="32 bytes, not 31"):
        VerifyingKey.from_raw(PUBLIC[:31])


def test_keys_and_signatures_are_those_of_rfc_8032() -> None:
    key = SigningKey.from_seed(SEED)
    assert key.verifying_key.raw == PUBLIC
    assert key.sign(b"\x72") == SIGNATURE
    assert VerifyingKey.from_raw(PUBLIC).verifies(SIGNATURE, b"\x72")


def test_a_signature_of_another_message_or_key_does_not_verify() -> None:
    key = VerifyingKey.from_raw(PUBLIC)
    assert not key.verifies(SIGNATURE, b"\x73")
    assert not key.verifies(SIGNATURE[:-1], b"\x72")
    assert not SigningKey.generate().verifying_key.verifies(SIGNATURE, b"\x72")


def test_a_signature_with_its_scalar_moved_by_the_group_order_does_not_verify() -> None:
    order = 2**252 + 27742317777372353535851937790883648493
    scalar = int.from_bytes(SIGNATURE[32:], "little") + order
    moved = SIGNATURE[:32] + scalar.to_bytes(32, "little")
    assert not VerifyingKey.from_raw(PUBLIC).verifies(moved, b"\x72")


@given(st.binary(min_size=32, max_size=32))
def test_every_key_that_is_made_passes_the_check(seed: bytes) -> None:
    key = SigningKey.from_seed(seed)
    check_public_key(key.verifying_key.raw)
    assert VerifyingKey.from_raw(key.verifying_key.raw).verifies(key.sign(b"m"), b"m")


def test_a_private_key_shows_only_the_name_of_its_public_half() -> None:
    key = SigningKey.from_seed(SEED)
    assert repr(key) == f"SigningKey({key_id(PUBLIC)})"
    assert key.seed == SEED
    assert SEED.hex() not in repr(key)
