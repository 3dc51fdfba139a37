"""A small patient record: the service that the demonstration really upgrades.

    python -m collector.demo.patient_record --database F --create 1000
    python -m collector.demo.patient_record --database F --version 1 --port 8080
    python -m collector.demo.patient_record --database F --migrate
    python -m collector.demo.patient_record --database F --version 2 --port 8080
    python -m collector.demo.patient_record --maintenance --port 8080

Each version serves its own schema and refuses the other. Port 0 takes a free one; the address
is the first line on standard output. It listens on loopback only and stops at once on SIGTERM.
"""

import argparse
import asyncio
import secrets
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from aiohttp import web

from collector.demo.patient_migration import migrate
from collector.demo.patient_schema import Schema, SchemaError, create_database
from collector.demo.patient_service import maintenance, patient_record
from collector.demo.patient_store import PatientStore, new_account

LOGIN = "infirmerie"


def main(arguments: Sequence[str] | None = None) -> int:
    """Do the one thing the command line asks, and return the exit code."""
    parser = _parser()
    asked = parser.parse_args(arguments)
    if asked.database is None and not asked.maintenance:
        parser.error("--database is required")
    try:
        _obey(asked)
    except (SchemaError, OSError) as error:
        print(f"patient record: {error}", file=sys.stderr)  # noqa: T201 - this is its output
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="patient_record", description="A small patient record.")
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--create", type=int, metavar="PATIENTS", help="make a version 1 database")
    action.add_argument("--version", type=int, choices=list(Schema), help="serve this version")
    action.add_argument("--migrate", action="store_true", help="bring schema 1 to schema 2")
    action.add_argument("--maintenance", action="store_true", help="serve a maintenance page")
    parser.add_argument("--database", type=Path, metavar="FILE")
    parser.add_argument("--port", type=int, default=0, help="loopback port (default: a free one)")
    return parser


def _obey(asked: argparse.Namespace) -> None:
    if asked.create is not None:
        password = secrets.token_urlsafe(9)
        create_database(asked.database, asked.create, new_account(LOGIN, password))
        _say(f"{asked.create} patients; log in as {LOGIN} with {password}")
    elif asked.migrate:
        migrate(asked.database, lambda done, total: _say(f"migrated {done}/{total}"))
    elif asked.maintenance:
        asyncio.run(_serve(maintenance(), asked.port))
    else:
        schema = Schema(asked.version)
        store = PatientStore(asked.database, schema)
        asyncio.run(_serve(patient_record(store, schema), asked.port))


async def _serve(application: web.Application, port: int) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    # No time for stragglers: an upgrade that waits for the last reader is another experiment.
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", port)
        await site.start()
        host, bound = runner.addresses[0][:2]
        _say(f"http://{host}:{bound}/")
        await stop.wait()
    finally:
        await runner.cleanup()


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - this is its output


if __name__ == "__main__":
    sys.exit(main())
