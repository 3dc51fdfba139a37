"""A collector in memory that shows one log to witnesses, and can be told to show another.

It runs in a thread of its own, as witnesses block. Whatever it is told to answer instead of the
truth, `instead` says by path; what it was asked is in `requests`.
"""

import asyncio
import json
import ssl
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Thread

from aiohttp import web

from probes.model.checkpoint import Checkpoint, Note, origin_of, sign_checkpoint, verifier_key
from probes.model.keys import SigningKey
from probes.model.merkle import EMPTY, consistency_path, leaf_hash, proof

HOSPITAL = "CH-EXEMPLE"
TOKEN = "a-token-of-this-hospital"


@dataclass
class WitnessedLog:
    """A log, and the lines that were handed over for its sizes."""

    key: SigningKey = field(default_factory=lambda: SigningKey.from_seed(b"l" * 32))
    entries: list[bytes] = field(default_factory=list)
    lines: dict[int, list[str]] = field(default_factory=dict)
    instead: dict[str, web.Response | bytes] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    page: int = 500
    url: str = ""

    def grow(self, count: int, words: str = "entry") -> "WitnessedLog":
        """Append entries."""
        start = len(self.entries)
        self.entries += [f"{words} {number}".encode() for number in range(start, start + count)]
        return self

    @property
    def verifier_key(self) -> str:
        """The public key of the log."""
        origin = origin_of(HOSPITAL, self.key.verifying_key.key_id)
        return verifier_key(origin, self.key.verifying_key)

    def note(self, size: int | None = None) -> Note:
        """Return the checkpoint of the first entries, with what was handed over for it."""
        size = len(self.entries) if size is None else size
        tree, _ = EMPTY.appended(leaf_hash(entry) for entry in self.entries[:size])
        origin = origin_of(HOSPITAL, self.key.verifying_key.key_id)
        note = sign_checkpoint(Checkpoint(origin, size, tree.root), self.key)
        return note.with_lines(self.lines.get(size, []))

    def hashes(self, old: int, new: int) -> Sequence[bytes]:
        """Return the proof that the log of `new` entries continues the one of `old`."""
        _, nodes = EMPTY.appended(leaf_hash(entry) for entry in self.entries[:new])
        return proof(consistency_path(old, new), nodes)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer anything a witness asks."""
        what = request.match_info["what"]
        self.requests.append(f"{request.method} {what}")
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return web.json_response({"error": "token", "reason": "no such token"}, status=401)
        instead = self.instead.get(f"{request.method} {what}", self.instead.get(what))
        if isinstance(instead, bytes):
            return web.Response(body=instead)
        if instead is not None:
            return instead
        if request.method == "POST":
            return self._take(await request.text())
        return self._show(what, request.query)

    def _show(self, what: str, query: Mapping[str, str]) -> web.Response:
        if what == "checkpoint":
            return web.Response(text=self.note().text())
        if what == "cosignatures":
            return self._cosigned_by(query["name"])
        start = int(query["from"])
        if what == "consistency":
            return _list("hashes", start, self.hashes(start, int(query["to"])))
        end = start + min(int(query["count"]), self.page)
        return _list("leaves", start, self.entries[start:end])

    def _take(self, body: str) -> web.Response:
        size, _, line = body.partition("\n")
        self.lines.setdefault(int(size), []).append(line)
        return web.json_response({})

    def _cosigned_by(self, name: str) -> web.Response:
        for size in sorted(self.lines, reverse=True):
            if any(line.split(" ")[1] == name for line in self.lines[size]):
                return web.Response(text=self.note(size).text())
        return web.json_response({"error": "not_found", "reason": "never"}, status=404)


def _list(key: str, start: int, values: Sequence[bytes]) -> web.Response:
    encoded = [b64encode(value).decode() for value in values]
    return web.Response(text=json.dumps({"from": start, key: encoded}))


@contextmanager
def shown(log: WitnessedLog, tls: ssl.SSLContext | None = None) -> Iterator[WitnessedLog]:
    """Show a log on loopback while the block runs."""
    loop = asyncio.new_event_loop()
    app = web.Application()
    app.router.add_route("*", f"/v1/hospitals/{HOSPITAL}/{{what}}", log.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    thread = Thread(target=loop.run_forever)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(_start(runner, tls), loop).result()
        host, port = runner.addresses[0][:2]
        log.url = f"{'https' if tls else 'http'}://{host}:{port}"
        yield log
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _start(runner: web.AppRunner, tls: ssl.SSLContext | None) -> None:
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
