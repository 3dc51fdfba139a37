"""`constat verify`: whether an evidence bundle is authentic, complete, and gives its verdict."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from stat import S_ISREG
from typing import BinaryIO, Final

import click

from collector.cli.options import language
from collector.errors import ConfigurationError, ExitCode, NotFoundError
from collector.evidence.bundle import KEYS, Keys, read_keys
from collector.evidence.der import DerError
from collector.evidence.errors import VerificationError
from collector.evidence.stamp_chain import read_roots
from collector.evidence.verification import Code, Part, Verification
from collector.evidence.verify import verify
from collector.judge.terms import WindowStatus
from collector.report.as_json import report_json
from collector.report.durations import Language
from collector.report.phrases import Phrases
from collector.report.verification_words import (
    BROKEN,
    DETAIL,
    FAILED,
    PARTS,
    SOUND,
    STAMPED,
    TITLES,
    UNPINNED,
    UNSTAMPED,
    UNWITNESSED,
    WITNESSED,
    told,
)
from probes.model.canonical import JsonValue
from probes.model.complaint import on_one_line, plain_json
from probes.model.instant import format_instant

_LARGEST_KEYS: Final = 8 << 20


@click.command(
    "verify",
    short_help="Verify an evidence bundle, offline.",
    epilog="""\b
Examples:
  constat verify MAJ-2026-0142.constat --keys pinned.json
  constat verify MAJ-2026-0142.constat --keys pinned.json --require-witness
  constat verify MAJ-2026-0142.constat -o json | jq .sound

\b
PINNED is what `constat evidence keys` prints, got by another way than the bundle. Without it a
bundle can be sound and of anybody. A witness is asked for with --require-witness: a log told anew
behind its back is one without its cosignature. It looks again and again: export after it did.
Exit codes: 0 sound, compliant · 2 wrong usage · 3 sound, and a breach · 4 sound, inconclusive or
pending · 5 no such file · 7 not sound""",
)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--keys",
    "pinned",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Keys known beforehand.",
)
@click.option(
    "--require-witness",
    is_flag=True,
    help="Refuse a bundle that a pinned witness did not cosign to the window's last step.",
)
@language
@click.option(
    "-o",
    "--output",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Lines for a person, or the object constat.verification/1.",
)
def verify_bundle(
    file: Path, pinned: Path | None, output: str, *, require_witness: bool, lang: Language
) -> int:
    """Verify the evidence bundle FILE: no network, no clock, no database.

    Fifteen numbered steps: is it authentic (integrity), is anything missing (completeness), and do
    the raw measurements really give this verdict (recomputation).
    """
    keys = None if pinned is None else _pinned(pinned)
    if require_witness and (keys is None or not keys.witnesses):
        raise ConfigurationError("--require-witness: no witness is pinned, --keys names it")
    with _opened(file) as bundle:
        done = verify(bundle, keys, every_witness=require_witness)
    if output == "json":
        click.echo(plain_json(object_of(file, done)))
    else:
        # Names are the choice of whoever made the bundle, who could have a terminal lie.
        click.echo("\n".join(map(on_one_line, text_of(done, lang))))
    if done.report is None:
        return ExitCode.UNSOUND
    if done.report.assessment.window.status is WindowStatus.CANCELLED:
        return 0
    return done.report.exit_code


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """Open a file, which must be one: a pipe keeps its reader waiting, a device has no end."""
    try:
        if not S_ISREG(path.stat().st_mode):
            raise ConfigurationError(f"cannot read {path}: it is no regular file")
        file = path.open("rb")
    except FileNotFoundError:
        raise NotFoundError(f"cannot read {path}: there is no such file") from None
    except OSError as error:
        raise ConfigurationError(f"cannot read {path}: {error.strerror}") from None
    with file:
        yield file


def _pinned(path: Path) -> Keys:
    try:
        with _opened(path) as file:
            keys = read_keys(file.read(_LARGEST_KEYS))
        for authority in keys.authorities:
            read_roots(authority.encode())
    except OSError as error:
        raise ConfigurationError(f"cannot read {path}: {error.strerror}") from None
    except (VerificationError, DerError) as error:
        why = str(error).removeprefix(f"{KEYS}: ")
        raise ConfigurationError(
            f"cannot read {path}: {why}; --keys takes what constat evidence keys prints"
        ) from None
    return keys


def object_of(file: Path, done: Verification) -> dict[str, JsonValue]:
    """Return the object of `constat.verification/1`."""
    failed = done.failed
    steps: list[JsonValue] = [
        {
            "step": passed.code.number,
            "code": passed.code.value,
            "part": passed.code.part.value,
            "holds": True,
            **passed.facts,
        }
        for passed in done.passed
    ]
    if failed is not None:
        steps.append(
            {
                "step": failed.number,
                "code": failed.value,
                "part": failed.part.value,
                "holds": False,
                "reason": str(done.fault),
            }
        )
    stated: dict[str, JsonValue] = {
        "schema": "constat.verification/1",
        "file": file.name,
        "sound": done.report is not None,
        "pinned": done.pinned,
        "steps": steps,
        **{part.value: _holds(done, part) for part in Part},
    }
    if done.report is not None:
        stated["report"] = report_json(done.report)
    return stated


def _holds(done: Verification, part: Part) -> str:
    """Return whether all steps of a part hold, or were not all reached."""
    if done.failed is not None and done.failed.part is part:
        return "fails"
    reached = {passed.code for passed in done.passed}
    return "holds" if all(code in reached for code in Code if code.part is part) else "not reached"


def text_of(done: Verification, lang: Language) -> list[str]:
    """Return the lines for a person."""
    titles, parts = TITLES[lang], PARTS[lang]
    width = max(map(len, parts.values()))
    lines = [
        f"{passed.code.number:2}  {parts[passed.code.part]:{width}}  ✓ {passed.code:12}  "
        + told(titles[passed.code], passed.facts, lang)
        for passed in done.passed
    ]
    failed = done.failed
    if failed is not None:
        broken = BROKEN[lang][failed]
        lines.append(f"{failed.number:2}  {parts[failed.part]:{width}}  ✗ {failed:12}  {broken}")
        said = FAILED[lang].format(code=failed.value, broken=broken)
        return [*lines, "", said, DETAIL[lang].format(reason=done.fault)]
    lines += ["", SOUND[lang], *_whose(done, lang), ""]
    if done.report is not None:
        phrases = Phrases(done.report, lang)
        lines += [phrases.title(), phrases.headline().upper()]
        lines += [f"  {line}" for line in (*phrases.duration(), *phrases.notice())]
    return lines


def _whose(done: Verification, lang: Language) -> list[str]:
    """Return on whose word the evidence rests."""
    facts = {passed.code: passed.facts for passed in done.passed}
    witness, stamp = facts[Code.WITNESS], facts[Code.TIMESTAMP]
    lines = [] if done.pinned else [UNPINNED[lang]]
    lines.append(WITNESSED[lang].format(**witness) if witness["witnesses"] else UNWITNESSED[lang])
    if stamp["stamps"]:
        at = format_instant(int(stamp["first_us"]))
        lines.append(STAMPED[lang].format(first=stamp["first"], at=at))
    else:
        lines.append(UNSTAMPED[lang])
    return lines
