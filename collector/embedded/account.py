"""The account PostgreSQL runs as: never root, and always the owner of its data."""

import os
import pwd
from pathlib import Path
from typing import Final, NamedTuple

from collector.embedded.errors import EmbeddedError

ROOT: Final = 0
# Tried in this order when root names no one: the account made for it, then the one everybody has.
UNPRIVILEGED: Final = ("postgres", "nobody")


class Account(NamedTuple):
    """A user of this machine, with its own group and no other."""

    name: str
    uid: int
    gid: int

    @property
    def is_ours(self) -> bool:
        """Whether we run as this account already, so that nothing has to be dropped."""
        return self.uid == os.geteuid()


def account_for(cluster: Path, user: str | None) -> Account:
    """Choose the account for the PostgreSQL that owns, or will own, the folder `cluster`.

    Data that exist already decide; then `user`; then, for root, whoever is unprivileged.
    """
    wanted = _wanted(user)
    if not cluster.exists():
        return wanted or _unprivileged()
    owner = _account_of(cluster.stat().st_uid)
    if owner.uid == ROOT:
        raise EmbeddedError(
            f"cannot use {cluster}: it belongs to root, as whom PostgreSQL never runs; give it to"
            " an unprivileged user with chown -R"
        )
    if wanted is not None and wanted.uid != owner.uid:
        raise EmbeddedError(
            f"cannot use {cluster} as {wanted.name}: it belongs to {owner.name}; run as"
            f" {owner.name} or root, or choose another data folder"
        )
    return owner


def _wanted(user: str | None) -> Account | None:
    """Name the account that leaves no choice: ours, or the one root was told to use."""
    if os.geteuid() != ROOT:
        # Not the group of /etc/passwd: a container may run us under another one.
        ours = _account_of(os.geteuid())._replace(gid=os.getegid())
        if user not in (None, ours.name):
            raise EmbeddedError(f"cannot run PostgreSQL as {user}: only root can, not {ours.name}")
        return ours
    if user is None:
        return None
    try:
        named = _account(pwd.getpwnam(user))
    except KeyError:
        raise EmbeddedError(f"cannot run PostgreSQL as {user}: there is no such user") from None
    if named.uid == ROOT:
        raise EmbeddedError("cannot run PostgreSQL as root: name an unprivileged user")
    return named


def _unprivileged() -> Account:
    for name in UNPRIVILEGED:
        try:
            return _account(pwd.getpwnam(name))
        except KeyError:
            continue
    raise EmbeddedError(
        "cannot run PostgreSQL as root, and there is neither a user postgres nor a user nobody:"
        " make one, or start Constat as an ordinary user"
    )


def _account_of(uid: int) -> Account:
    try:
        return _account(pwd.getpwuid(uid))
    except KeyError:
        return Account(f"user {uid}", uid, uid)


def _account(entry: pwd.struct_passwd) -> Account:
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
