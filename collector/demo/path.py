"""One workstation's own path to the service: a TCP relay that can be cut and restored.

    python -m collector.demo.path

stands for the switch or reverse proxy of one ward. Its first line of output is its port, which
is its own for as long as it runs. It obeys lines of standard input, answering each with a line:

    open PORT    accept connections and relay them to that loopback port
    close        refuse new connections and cut those that are open

It starts closed, and ends when its standard input does.
"""

import asyncio
import socket
import sys

_CHUNK = 65_536


class Path:
    """A relay on a loopback port of its own."""

    def __init__(self) -> None:
        # Bound and never listening: while the path is cut the kernel refuses connections, and
        # gives the port neither to another program nor to a client that would reach itself.
        self._reserved = _bound(0)
        self.port: int = self._reserved.getsockname()[1]
        self._server: asyncio.Server | None = None
        self._service_port = 0
        self._relayed: set[asyncio.Task[None]] = set()

    async def open(self, service_port: int) -> None:
        """Relay new connections to the service on that port, from now on."""
        self._service_port = service_port
        if self._server is None:
            self._server = await asyncio.start_server(self._accept, sock=_bound(self.port))

    async def close(self) -> None:
        """Refuse new connections, and cut those that are open."""
        if self._server is None:
            return
        self._server.close()
        self._server = None
        for task in self._relayed:
            task.cancel()
        await asyncio.gather(*self._relayed, return_exceptions=True)

    async def end(self) -> None:
        """Close the path for good and give its port back."""
        await self.close()
        self._reserved.close()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._relay(reader, writer))
        self._relayed.add(task)
        task.add_done_callback(self._relayed.discard)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await _join(reader, writer, self._service_port)
            writer.close()  # after the answer has been written out
        finally:
            if not writer.is_closing():
                writer.transport.abort()


async def _join(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int) -> None:
    try:
        answers, questions = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return  # the service refuses: this client finds its connection closed unanswered
    try:
        async with asyncio.TaskGroup() as both_ways:
            both_ways.create_task(_copy(reader, questions))
            both_ways.create_task(_copy(answers, writer))
    except* OSError:
        writer.transport.abort()
    finally:
        questions.transport.abort()


async def _copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while chunk := await source.read(_CHUNK):
        sink.write(chunk)
        await sink.drain()
    if sink.can_write_eof():
        sink.write_eof()


def _bound(port: int) -> socket.socket:
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind(("127.0.0.1", port))
    return bound


async def _obey_standard_input() -> None:
    commands = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(commands), sys.stdin
    )
    path = Path()
    _say(str(path.port))
    try:
        while line := await commands.readline():
            _say(await _obey(path, line.decode().split()))
    finally:
        await path.end()


async def _obey(path: Path, command: list[str]) -> str:
    match command:
        case ["open", port] if port.isdecimal():
            await path.open(int(port))
            return f"open {port}"
        case ["close"]:
            await path.close()
            return "closed"
        case _:
            return f"cannot obey {' '.join(command)!r}: expected open PORT or close"


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - this is its output


if __name__ == "__main__":
    asyncio.run(_obey_standard_input())
