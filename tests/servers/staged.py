"""Servers that behave as a situation of the corpus says: what they answer, and how they go wrong.

A server is described by a few plain values, so that a situation is read and added without a
program. What no description can say is a stage of its own, by name (`tests/servers/stages.py`).
"""

import asyncio
import datetime as dt
import gzip
import re
import ssl
import zlib
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from tests.servers.certificates import authority, self_signed
from tests.servers.listening import Talk, fall_silent, nobody, reset, serving
from tests.servers.names import answering, ignoring, naming
from tests.servers.stages import STAGES
from tests.servers.web import read_request

HTML: Final = "Content-Type: text/html"


@dataclass(frozen=True)
class Answer:
    r"""An answer in HTTP: a page that is kept in a file, or a body as it stands.

    `length` is what it says of its body when that is not the truth; `coding` is `gzip`, `deflate`
    or `half gzip`; `times` repeats the body.
    """

    status: str | int = "200 OK"
    headers: tuple[str, ...] = (HTML,)
    page: str = ""
    body: str = ""
    charset: str = "utf-8"
    coding: str = ""
    length: int | None = None
    times: int = 1


@dataclass(frozen=True)
class Serves(Answer):
    r"""What a server does.

    With nothing else said it answers every request with the one `Answer`; `paths` answers by the
    path asked for, without its query (`*` is any other), and `turns` one after the other. `says`
    are bytes in place of any of that, as Latin-1, sent once something was heard unless it
    `speaks_first`, each in turn when `by_turns`; the last is repeated for ever when `endless`.
    `then` is what follows: `close`, `silence`, `reset` or `trickle` (a byte at a time). `tls` names
    the certificate, `at` the address listened on. `names` are the records of a name server, `rcode`
    its answer without any. `file` is what a file of this host holds. In every text, `{port}` is the
    port that is checked, `{elsewhere}` that of another server, which does as `other` says, and
    `{control}` the control id of an HL7 message that was heard.
    """

    paths: Mapping[str, Answer] = field(default_factory=dict)
    turns: tuple[Answer, ...] = ()
    says: tuple[str, ...] = ()
    speaks_first: bool = False
    by_turns: bool = False
    endless: bool = False
    then: str = "close"
    tls: str = ""
    at: str = "127.0.0.1"
    listens: bool = True
    names: tuple[str, ...] = ()
    rcode: str = ""
    file: str = ""
    stage: str = ""
    other: "Serves | None" = None


@dataclass(frozen=True)
class Pages:
    """Where the pages of answers are, and what becomes of each text before it is sent."""

    folder: Path
    edit: Callable[[str], str] = str

    def edited(self, edit: Callable[[str], str]) -> "Pages":
        """Return the same pages, with one thing more done to each."""
        return replace(self, edit=lambda text: edit(self.edit(text)))

    def body(self, answer: Answer) -> str:
        """Return the text of an answer."""
        text = (self.folder / answer.page).read_text("utf-8") if answer.page else answer.body
        return self.edit(text * answer.times)


@asynccontextmanager
async def staged(serves: Serves, pages: Pages, folder: Path) -> AsyncIterator[dict[str, str]]:
    """Run what a situation describes; give what the check must know of it, by name."""
    known = {"authority": authority().write(folder), "file": str(folder / "file")}
    (folder / "file").write_text(pages.edit(serves.file), "utf-8")
    async with AsyncExitStack() as stack:
        if serves.other is not None:
            other = _listening(serves.other, pages, folder, known)
            known["elsewhere"] = str(await stack.enter_async_context(other))
        port = await stack.enter_async_context(_listening(serves, pages, folder, known))
        known["port"] = str(port)
        yield known


@asynccontextmanager
async def _listening(
    serves: Serves, pages: Pages, folder: Path, known: Mapping[str, str]
) -> AsyncIterator[int]:
    """Listen as described, on the port that is given; texts are filled when they are sent."""
    if serves.stage:
        async with STAGES[serves.stage]() as port:
            yield port
    elif not serves.listens:
        with nobody(serves.at) as port:
            yield port
    elif serves.names or serves.rcode:
        script = answering(*serves.names, rcode=serves.rcode or "NOERROR")
        async with naming(ignoring if serves.rcode == "none" else script) as port:
            yield port
    else:
        tls = _CERTIFICATES[serves.tls](folder) if serves.tls else None
        async with serving(_talk(serves, pages, known), tls, serves.at) as port:
            yield port


def filled(text: str, known: Mapping[str, str]) -> str:
    """Return a text with what is known in the place of its name."""
    for name, value in known.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def answer_bytes(answer: Answer, pages: Pages, known: Mapping[str, str]) -> bytes:
    """Return an answer as it goes over the wire."""
    text = filled(pages.body(answer), known)
    body = _CODINGS[answer.coding](text.encode(answer.charset))
    coding = [f"Content-Encoding: {answer.coding.split()[-1]}"] if answer.coding else []
    length = len(body) if answer.length is None else answer.length
    headers = [filled(each, known) for each in answer.headers]
    lines = [f"HTTP/1.1 {answer.status}", *headers, *coding, f"Content-Length: {length}", "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


def _talk(serves: Serves, pages: Pages, known: Mapping[str, str]) -> Talk:
    turns = iter(serves.turns)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if serves.says:
            await _say(serves, pages, known, reader, writer)
        else:
            path = (await read_request(reader)).split(b" ")[1].decode().partition("?")[0]
            answer: Answer = serves
            if serves.turns:
                answer = next(turns, serves.turns[-1])
            elif serves.paths:
                answer = serves.paths.get(path) or serves.paths["*"]
            writer.write(answer_bytes(answer, pages, known))
            await writer.drain()
        await _end(serves.then, reader, writer)

    return talk


async def _say(
    serves: Serves,
    pages: Pages,
    known: Mapping[str, str],
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
) -> None:
    listens = not serves.speaks_first
    data = b""
    for text in serves.says:
        heard = await reader.read(65_536) if listens else b""
        control = _CONTROL.search(heard.decode("latin-1"))
        more = {"control": control[1]} if control else {}
        data = filled(pages.edit(text), {**known, **more}).encode("latin-1")
        writer.write(data)
        await writer.drain()
        listens = serves.by_turns
    while serves.endless and not writer.is_closing():
        writer.write(data)
        await writer.drain()


async def _end(then: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    if then == "silence":
        await fall_silent(reader)
    elif then == "reset":
        reset(writer)
    elif then == "trickle":
        while not writer.is_closing():
            writer.write(b" ")
            await writer.drain()
            await asyncio.sleep(0.002)
    else:
        assert then == "close", then


def _half(data: bytes) -> bytes:
    packed = gzip.compress(data)
    return packed[: len(packed) // 2]


_CONTROL: Final = re.compile(r"MSH\|(?:[^|\r]*\|){8}([^|\r]*)\|")
_CODINGS: Final[dict[str, Callable[[bytes], bytes]]] = {
    "": bytes,
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "half gzip": _half,
    "false gzip": bytes,
    "unasked br": bytes,
}
_CERTIFICATES: Final[dict[str, Callable[[Path], ssl.SSLContext]]] = {
    "good": lambda folder: authority().server(folder),
    "expired": lambda folder: authority().server(folder, until=dt.timedelta(days=-1)),
    "of the future": lambda folder: authority().server(folder, until=dt.timedelta(days=11)),
    "of a stranger": lambda folder: authority("Stranger").server(folder),
    "for another address": lambda folder: authority().server(folder, address="127.0.0.9"),
    "self-signed": self_signed,
}
