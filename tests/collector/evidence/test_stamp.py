"""A token of a real authority is taken; one of which anything was changed is not."""

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.x509.oid import ExtendedKeyUsageOID

from collector.evidence.der import (
    BOOLEAN,
    INTEGER,
    OCTET_STRING,
    SEQUENCE,
    SET,
    write,
    write_integer,
    write_oid,
)
from collector.evidence.errors import VerificationError
from collector.evidence.stamp import StampError, verify_stamp
from collector.evidence.stamp_exchange import read_response, request
from probes.model.instant import parse_instant
from tests.collector.evidence import forging
from tests.collector.evidence.forging import (
    CONTENT_TYPE,
    CONTEXT,
    MESSAGE_DIGEST,
    SHA1,
    SIGNING_CERTIFICATE_V2,
    Forgery,
    der,
    signature,
)
from tests.servers.timestamps import POLICY, Authority, PrivateKey, certificate

NOTE = "constat.example/log/CH-EXEMPLE\n26\n47DEQpj8HBSa+/TImW+5JA==\n\n— key sig\n".encode()
STARTED, ENDED = dt.datetime(2026, 1, 1, tzinfo=dt.UTC), dt.datetime(2026, 12, 1, tzinfo=dt.UTC)


def stamped(authority: Authority, nonce: int = 77) -> bytes:
    response = authority.reply(request(NOTE, nonce))
    return read_response(response, NOTE, nonce, [authority.root])[0]


@pytest.fixture(scope="session")
def token(authority: Authority) -> bytes:
    return stamped(authority)


@pytest.fixture(scope="session")
def rsa_token(rsa_authority: Authority) -> bytes:
    return stamped(rsa_authority)


def takes(token: bytes, root: x509.Certificate) -> bool:
    try:
        verify_stamp(token, NOTE, [root])
    except StampError:
        return False
    return True


class World:
    """An authority whose certificates were valid from January to November 2026."""

    def __init__(self) -> None:
        self.root_key, self.key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
        self.root = certificate("Racine", self.root_key, authority=True, start=STARTED, end=ENDED)
        self.signer = self.certified()

    def certified(
        self,
        *,
        purposes: tuple[x509.ObjectIdentifier, ...] = (ExtendedKeyUsageOID.TIME_STAMPING,),
        critical: bool = True,
        end: dt.datetime = ENDED,
        name: str = "Horodatage",
    ) -> x509.Certificate:
        return certificate(
            name, self.key, (self.root, self.root_key),
            purposes=purposes, critical=critical, start=STARTED, end=end,
        )  # fmt: skip

    def forgery(self, **wrong: object) -> Forgery:
        right = Forgery(NOTE, self.signer, self.key)
        for name, value in wrong.items():
            setattr(right, name, value)
        return right


@pytest.fixture(scope="session")
def world() -> World:
    return World()


def test_a_token_of_a_real_authority_says_when_and_who(authority: Authority, token: bytes) -> None:
    stamp = verify_stamp(token, NOTE, [authority.root])
    assert stamp.policy == POLICY
    assert stamp.accuracy_us == 1_500_100  # 1 s, 500 ms and 100 µs: its configuration
    assert stamp.authority == "CN=Horodatage,O=Autorité d'Exemple"
    assert stamp.serial > 1


@pytest.mark.parametrize("which", ["authority", "rsa_authority"])
def test_openssl_takes_the_tokens_that_are_taken(
    which: str, request: pytest.FixtureRequest
) -> None:
    authority: Authority = request.getfixturevalue(which)
    token = stamped(authority)
    verify_stamp(token, NOTE, [authority.root])
    assert authority.approves(token, NOTE)
    assert not authority.approves(token, NOTE + b"\n")


@pytest.mark.parametrize("which", ["", "rsa_"], ids=["elliptic", "rsa"])
def test_no_bit_of_a_token_can_be_changed_unseen(
    which: str, request: pytest.FixtureRequest
) -> None:
    authority: Authority = request.getfixturevalue(f"{which}authority")
    token: bytes = request.getfixturevalue(f"{which}token")
    accepted = []
    for position in range(8 * len(token)):
        changed = bytearray(token)
        changed[position // 8] ^= 1 << position % 8
        if takes(bytes(changed), authority.root):
            accepted.append(position)
    assert accepted == []


def test_no_byte_of_a_token_can_be_left_out_or_added(authority: Authority, token: bytes) -> None:
    root = authority.root
    assert not any(takes(token[:end], root) for end in range(len(token)))
    assert not any(takes(token[:at] + token[at + 1 :], root) for at in range(len(token)))
    assert not takes(token + b"\x00", root)
    assert not takes(b"\x00" + token, root)


def test_the_twin_of_a_signature_shows_nothing_else(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    # If (r, s) is an ECDSA signature, so is (r, n - s): n is the order of the curve (P-256).
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    token = world.forgery().token()

    def twin(key: PrivateKey, data: bytes) -> bytes:
        r, s = decode_dss_signature(signature(key, data))
        return encode_dss_signature(r, order - s)

    monkeypatch.setattr(forging, "signature", twin)
    other = world.forgery().token()
    assert other != token
    shown = [verify_stamp(each, NOTE, [world.root]) for each in (token, other)]
    assert shown[0] == shown[1]


def test_a_stamp_needs_no_clock(world: World) -> None:
    # Every certificate has been over since 2026-12-01; the stamp is of before.
    stamp = verify_stamp(world.forgery().token(), NOTE, [world.root])
    assert stamp.at_us == parse_instant("2026-11-14T22:00:00+01:00")
    assert stamp.accuracy_us is None


@pytest.mark.parametrize(
    ("at", "at_us"),
    [
        (b"20261114210000.5Z", 500_000),
        (b"20261114210000.000001Z", 1),
        (b"20261114210000.0000019Z", 1),  # what is below a microsecond is left out
    ],
)
def test_fractions_of_a_second_count(world: World, at: bytes, at_us: int) -> None:
    stamp = verify_stamp(world.forgery(at=at).token(), NOTE, [world.root])
    assert stamp.at_us == parse_instant("2026-11-14T21:00:00Z") + at_us


def test_a_name_cannot_have_a_terminal_lie(world: World) -> None:
    signer = world.certified(name="Horo\x1b[2Jdatage\n")
    stamp = verify_stamp(world.forgery(signer=signer).token(), NOTE, [world.root])
    assert stamp.authority.isprintable()
    assert stamp.authority.startswith("CN=Horo\\x1b[2Jdatage")


def test_a_stamp_is_of_one_note_only(authority: Authority, token: bytes) -> None:
    with pytest.raises(StampError, match="of another checkpoint"):
        verify_stamp(token, NOTE + b"\n", [authority.root])


def test_an_authority_that_is_not_pinned_is_not_trusted(
    authority: Authority, rsa_authority: Authority, token: bytes
) -> None:
    with pytest.raises(StampError, match="not trusted"):
        verify_stamp(token, NOTE, [rsa_authority.root])
    with pytest.raises(StampError, match="no root of a time-stamping authority is pinned"):
        verify_stamp(token, NOTE, [])
    verify_stamp(token, NOTE, [rsa_authority.root, authority.root])


def test_an_authority_below_the_root_can_be_pinned(authority: Authority, token: bytes) -> None:
    verify_stamp(token, NOTE, [authority.middle])


def test_the_roots_a_token_carries_are_not_believed(world: World) -> None:
    other = World()
    token = other.forgery(above=[other.root]).token()
    verify_stamp(token, NOTE, [other.root])
    with pytest.raises(StampError, match="not trusted"):
        verify_stamp(token, NOTE, [world.root])


def test_a_certificate_beside_the_path_is_refused(world: World) -> None:
    stranger = World().root
    with pytest.raises(StampError, match="not on the path"):
        verify_stamp(world.forgery(above=[stranger]).token(), NOTE, [world.root])


@pytest.mark.parametrize("at", [b"20251231235959Z", b"20261201000001Z"])
def test_a_certificate_counts_at_the_instant_of_the_stamp(world: World, at: bytes) -> None:
    with pytest.raises(StampError, match="not valid at validation time"):
        verify_stamp(world.forgery(at=at).token(), NOTE, [world.root])


def test_a_signer_that_was_over_at_the_stamp_is_refused(world: World) -> None:
    over = world.certified(end=dt.datetime(2026, 11, 1, tzinfo=dt.UTC))
    with pytest.raises(StampError, match="not valid at validation time"):
        verify_stamp(world.forgery(signer=over).token(), NOTE, [world.root])


@pytest.mark.parametrize(
    ("purposes", "critical"),
    [
        ((), True),
        ((ExtendedKeyUsageOID.SERVER_AUTH,), True),
        ((ExtendedKeyUsageOID.TIME_STAMPING, ExtendedKeyUsageOID.SERVER_AUTH), True),
        ((ExtendedKeyUsageOID.TIME_STAMPING,), False),
    ],
)
def test_a_certificate_that_is_not_for_time_stamps_alone_is_refused(
    world: World, purposes: tuple[x509.ObjectIdentifier, ...], critical: bool
) -> None:
    signer = world.certified(purposes=purposes, critical=critical)
    with pytest.raises(StampError, match="not for time stamps"):
        verify_stamp(world.forgery(signer=signer).token(), NOTE, [world.root])


def test_a_certificate_that_is_no_authority_vouches_for_nobody(world: World) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    below = certificate("Faux", key, (world.signer, world.key), start=STARTED, end=ENDED)
    forged = Forgery(NOTE, below, key, above=[world.signer])
    with pytest.raises(StampError, match="not trusted"):
        verify_stamp(forged.token(), NOTE, [world.root])


@pytest.mark.parametrize(
    ("purpose", "taken"),
    [
        (ExtendedKeyUsageOID.SERVER_AUTH, False),
        (ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE, True),
    ],
)
def test_an_authority_limited_to_other_purposes_vouches_for_no_stamp(
    world: World, purpose: x509.ObjectIdentifier, taken: bool
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    middle = certificate(
        "Milieu", key, (world.root, world.root_key),
        authority=True, purposes=(purpose,), critical=False, start=STARTED, end=ENDED,
    )  # fmt: skip
    signer = certificate("Bas", world.key, (middle, key), start=STARTED, end=ENDED)
    token = Forgery(NOTE, signer, world.key, above=[middle]).token()
    assert takes(token, world.root) is taken


def test_a_short_key_is_refused(world: World) -> None:
    key = rsa.generate_private_key(65537, 1024)
    signer = certificate("Court", key, (world.root, world.root_key), start=STARTED, end=ENDED)
    with pytest.raises(StampError):
        verify_stamp(Forgery(NOTE, signer, key).token(), NOTE, [world.root])


def value(body: bytes) -> bytes:
    return write(OCTET_STRING, body)


WRONG: dict[str, Callable[[World], Forgery]] = {
    "digest_of_another_content": lambda world: world.forgery(
        attributes={MESSAGE_DIGEST: value(sha256(b"other").digest())}
    ),
    "no_digest": lambda world: world.forgery(without=[MESSAGE_DIGEST]),
    "no_content_type": lambda world: world.forgery(without=[CONTENT_TYPE]),
    "content_type_of_data": lambda world: world.forgery(
        attributes={CONTENT_TYPE: write_oid("1.2.840.113549.1.7.1")}
    ),
    "no_signing_certificate": lambda world: world.forgery(without=[SIGNING_CERTIFICATE_V2]),
    "another_signing_certificate": lambda world: world.forgery(named=world.root),
    "content_that_is_data": lambda world: world.forgery(content_oid="1.2.840.113549.1.7.1"),
    "imprint_by_another_digest": lambda world: world.forgery(imprint_oid=SHA1),
    "weak_digest": lambda world: world.forgery(digest_oid=SHA1),
    "digest_that_is_not_the_signatures": lambda world: world.forgery(
        algorithm_oid="1.2.840.10045.4.3.3"
    ),
    "unknown_algorithm": lambda world: world.forgery(algorithm_oid="1.2.840.113549.1.1.10"),
    "algorithm_of_another_key": lambda world: world.forgery(algorithm_oid="1.2.840.113549.1.1.11"),
    "key_of_somebody_else": lambda world: world.forgery(key=World().key),
    "unsigned_attribute": lambda world: world.forgery(unsigned=write(CONTEXT + 1)),
    "revocation_list": lambda world: world.forgery(lists=write(CONTEXT + 1)),
    "certificates_twice": lambda world: world.forgery(above=[world.signer]),
    "info_of_version_2": lambda world: world.forgery(info_version=2),
    "signed_data_of_version_1": lambda world: world.forgery(version=1),
    "no_time": lambda world: world.forgery(at=b"20261314210000Z"),
    "local_time": lambda world: world.forgery(at=b"20261114210000+0100"),
    "time_without_seconds": lambda world: world.forgery(at=b"202611142100Z"),
    "time_with_a_padded_fraction": lambda world: world.forgery(at=b"20261114210000.50Z"),
    "accuracy_of_a_thousand_millis": lambda world: world.forgery(
        after_time=write(SEQUENCE, write(0x80, b"\x03\xe8"))
    ),
    "negative_accuracy": lambda world: world.forgery(after_time=write(SEQUENCE, write_integer(-1))),
    "accuracy_of_two_days": lambda world: world.forgery(
        after_time=write(SEQUENCE, write_integer(172_800))
    ),
    "serial_of_161_bits": lambda world: world.forgery(serial=1 << 160),
    "time_before_1970": lambda world: world.forgery(at=b"19691231235959Z"),
    "time_beyond_all_numbers": lambda world: world.forgery(at=b"99991231235959Z"),
    "critical_extension": lambda world: world.forgery(
        after_time=write(
            CONTEXT + 1,
            write(SEQUENCE, write_oid("1.2.3"), write(BOOLEAN, b"\xff"), value(b"")),
        )
    ),
    "fields_after_the_last": lambda world: world.forgery(after_time=write(SET)),
}


@pytest.mark.parametrize("fault", sorted(WRONG))
def test_a_token_with_one_fault_is_refused(world: World, fault: str) -> None:
    with pytest.raises(StampError):
        verify_stamp(WRONG[fault](world).token(), NOTE, [world.root])


def test_a_token_of_two_signers_is_refused(world: World) -> None:
    once = world.forgery()
    again = once.signer_info()
    token = once.token(again, once.signer_info())
    with pytest.raises(StampError):
        verify_stamp(token, NOTE, [world.root])


def test_what_may_follow_the_time_is_read(world: World) -> None:
    after = (
        write(SEQUENCE, write_integer(2), write(0x81, b"\x05"))  # 2 s and 5 µs
        + write(BOOLEAN, b"\xff")
        + write(INTEGER, b"\x2a")
        + write(CONTEXT, write(0x82, b"tsa.example"))
        + write(CONTEXT + 1, write(SEQUENCE, write_oid("1.2.3"), value(b"")))
    )
    stamp = verify_stamp(world.forgery(after_time=after).token(), NOTE, [world.root])
    assert stamp.accuracy_us == 2_000_005


def test_another_certificate_of_the_same_key_cannot_take_the_signers_place(world: World) -> None:
    token = world.forgery()
    other = world.certified()
    swapped = replace(token, signer=other, named=world.signer)
    with pytest.raises(StampError, match="signed with another certificate"):
        verify_stamp(swapped.token(), NOTE, [world.root])


@pytest.mark.parametrize("data", [b"", b"\x30\x00", b"x" * 70_000, b"-----BEGIN CMS-----"])
def test_what_is_no_token_is_refused(world: World, data: bytes) -> None:
    with pytest.raises(StampError) as refused:
        verify_stamp(data, NOTE, [world.root])
    assert isinstance(refused.value, VerificationError)
    assert refused.value.code == "timestamp"
    assert "\n" not in str(refused.value)


def test_a_path_of_certificates_has_one_form(world: World) -> None:
    # Its signature is a string of bits, which may say that the last one is not used.
    key = ec.generate_private_key(ec.SECP256R1())
    issuer = (world.root, world.root_key)
    even = lambda held: held.signature[-1] % 2 == 0  # noqa: E731
    made = (
        certificate("Milieu", key, issuer, authority=True, start=STARTED, end=ENDED)
        for _ in range(100)
    )
    middle = next(filter(even, made))
    signer = certificate("Bas", world.key, (middle, key), start=STARTED, end=ENDED)
    forged = Forgery(NOTE, signer, world.key, above=[middle])
    token = forged.token()
    verify_stamp(token, NOTE, [world.root])
    whole = der(middle)
    at = len(whole) - len(middle.signature) - 1
    broken = whole[:at] + b"\x01" + whole[at + 1 :]
    assert token.count(whole) == 1
    with pytest.raises(StampError):
        verify_stamp(token.replace(whole, broken), NOTE, [world.root])


def test_a_token_in_another_order_is_refused(authority: Authority, token: bytes) -> None:
    # Its certificates are sorted by their bytes; the other order is as good to OpenSSL.
    held = sorted([der(authority.signer), der(authority.middle)])
    assert token.count(held[0] + held[1]) == 1
    swapped = token.replace(held[0] + held[1], held[1] + held[0])
    assert authority.approves(swapped, NOTE)
    assert not takes(swapped, authority.root)
