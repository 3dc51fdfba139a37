"""`constat token`: what an agent shows once, to be enrolled, and a witness or a program always."""

import click

from collector.cli.database import now_us, on_database
from collector.cli.options import (
    Member,
    Signatory,
    Target,
    one_hospital,
    reads_database,
    seals_entries,
)
from collector.cli.times import read_length
from collector.courier.receipt import witness_token
from collector.register.attendance import check_text
from collector.store.pool import Pool, connected, transaction
from collector.store.register_tokens import create_register_token, revoke_register_tokens
from collector.store.tenants import tenant_named
from collector.store.tokens import create_token
from probes.model.checkpoint import origin_of, verifier_key
from probes.model.measurement import VantageKind


@click.group(
    short_help="Make tokens for agents, witnesses and programs.",
    epilog="""\b
Examples:
  constat token create --hospital CH-EXEMPLE --vantage accueil-03
  constat token witness --hospital CH-EXEMPLE
  constat token program --hospital CH-EXEMPLE --name bastion""",
)
def token() -> None:
    """Tokens: they enrol agents, let a witness read a log, let programs state interventions."""


@token.command(
    "create",
    short_help="Make a token and print it, once.",
    epilog="""\b
Examples:
  constat token create --hospital CH-EXEMPLE --vantage accueil-03 --kind workstation
  constat token create --hospital CH-EXEMPLE --uses 20 --ttl PT2H

\b
On the vantage point:  constat-agent enrol … --token TOKEN
Exit codes: 0 done · 2 an option is not right · 5 no such hospital
· 6 the database cannot be reached""",
)
@click.option("--hospital", metavar="H", required=True, help="The hospital.")
@click.option("--vantage", metavar="V", help="Only for a vantage point of this name.")
@click.option("--kind", type=Member(VantageKind), help="Only for vantage points of this kind.")
@click.option(
    "--uses", type=click.IntRange(min=1), default=1, show_default=True, help="How many agents."
)
@click.option(
    "--ttl", default="P1D", show_default=True, help="How long it is good for, at most P1D."
)
@reads_database
def create(  # noqa: PLR0913 - the options of the command
    *,
    hospital: str,
    vantage: str | None,
    kind: VantageKind | None,
    uses: int,
    ttl: str,
    target: Target,
) -> None:
    """Make a token for agents of a hospital. It is shown this once; only its hash is kept."""
    life_us = read_length("--ttl", ttl)

    async def work(pool: Pool) -> str:
        async with transaction(pool) as connection:
            tenant_id = await tenant_named(connection, hospital)
            return await create_token(
                connection,
                tenant_id,
                now_us=now_us(),
                life_us=life_us,
                count=uses,
                vantage=vantage,
                kind=kind,
            )

    click.echo(on_database(target, work))


@token.command(
    "witness",
    short_help="Print what the witness of a hospital needs.",
    epilog="""\b
Examples:
  constat token witness --hospital CH-EXEMPLE

\b
Whoever has the token can read every entry of that hospital's log, and nothing else. On the
witness's machine, the two lines go into files:  constat witness run … --log-key FILE --token-file
FILE. Let the hospital compare the key with the one it knows by other means.
Exit codes: 0 done · 5 no such hospital · 6 the database cannot be reached""",
)
@one_hospital
@seals_entries
def witness(*, hospital: str, signatory: Signatory) -> None:
    """Print the public key of a hospital's log, and the token that lets its witness read it."""
    key = signatory.target.key()

    async def work(pool: Pool) -> None:
        async with connected(pool) as connection:
            await tenant_named(connection, hospital)

    on_database(signatory.target, work)
    name = origin_of(hospital, key.verifying_key.key_id)
    click.echo(f"log key  {verifier_key(name, key.verifying_key)}")
    click.echo(f"token    {witness_token(key, hospital)}")


@token.command(
    "program",
    short_help="Let a program state interventions.",
    epilog="""\b
Examples:
  constat token program --hospital CH-EXEMPLE --name bastion
  constat token program --hospital CH-EXEMPLE --name bastion --ttl P30D

\b
  curl -H "Authorization: Bearer TOKEN" -H 'Idempotency-Key: "BT-118"' \\
      URL/v1/hospitals/CH-EXEMPLE/interventions \\
      -d '{"person": "Camille Martin", "purpose": "montée de version"}'
  curl -H "Authorization: Bearer TOKEN" URL/v1/hospitals/CH-EXEMPLE/interventions

\b
Without -d it reads those that are open or of the last 31 days. A request sent again under its key
is answered as the first time, and stated once.
Exit codes: 0 done · 2 an option is not right · 5 no such hospital
· 6 the database cannot be reached""",
)
@one_hospital
@click.option("--name", metavar="P", required=True, help="The program; sealed as the author.")
@click.option(
    "--ttl", default="P90D", show_default=True, help="How long it is good for, at most P366D."
)
@reads_database
def program(*, hospital: str, name: str, ttl: str, target: Target) -> None:
    """Make a token by which a program starts and ends interventions in one hospital.

    It is shown this once; only its hash is kept.
    """
    check_text("--name", name)
    life_us = read_length("--ttl", ttl)

    async def work(pool: Pool) -> str:
        async with transaction(pool) as connection:
            tenant_id = await tenant_named(connection, hospital)
            return await create_register_token(
                connection, tenant_id, name, now_us=now_us(), life_us=life_us
            )

    click.echo(on_database(target, work))


@token.command(
    "revoke",
    short_help="Take the tokens of a program back.",
    epilog="""\b
Examples:
  constat token revoke --hospital CH-EXEMPLE --name bastion

\b
Exit codes: 0 done · 5 no such hospital, or the program has no token
· 6 the database cannot be reached""",
)
@one_hospital
@click.option("--name", metavar="P", required=True, help="The program.")
@reads_database
def revoke(*, hospital: str, name: str, target: Target) -> None:
    """Take every token of a program back: it states nothing in that hospital any more."""

    async def work(pool: Pool) -> int:
        async with transaction(pool) as connection:
            tenant_id = await tenant_named(connection, hospital)
            return await revoke_register_tokens(connection, tenant_id, name)

    count = on_database(target, work)
    click.echo(f"{count} token{'s' if count > 1 else ''} of {name} revoked for {hospital}")
