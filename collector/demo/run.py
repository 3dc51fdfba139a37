"""One demonstration from start to end: a real upgrade, measured and judged by the product itself.

Nothing is added to what the agents measured. What this file decides is only when the service is
stopped and given back; the figures, the verdict and the exit code come from `constat window show`.
"""

import asyncio
import json
import math
import shutil
import signal
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from collector.demo import hospital
from collector.demo.narrator import Narrator
from collector.demo.product import Product
from collector.demo.programs import ProgramError, Programs
from collector.demo.scenario import Act, Expected, Scenario, Step, Upgrade, Ward, WardStep
from collector.demo.service import PATIENTS, Service
from collector.errors import ConfigurationError, ConstatError

WINDOW = "MAJ-DEMO-01"

_LEAD_S = 5
_CAUTION = 3
# On a busy machine steps come late; what happens to two workstations is still told apart.
_WARDS_APART_S = 1.5
# The last measurement must begin after the window has ended, or its end would go unobserved.
_MEASURED_BEYOND_S = 2


def demonstrate(scenario: Scenario, folder: Path, narrator: Narrator, *, keep: bool) -> int:
    """Play a scenario in a folder and return the exit code of its verdict.

    Raises `ConstatError` when a program fails, or when the verdict is another than expected.
    """
    work = _emptied(folder / "work")
    logs = work / "logs"
    logs.mkdir()
    code = asyncio.run(_played(scenario, folder, Programs(logs), narrator))
    if not keep:
        shutil.rmtree(work)
    if code is None:
        with suppress(OSError):  # there may be other things in it
            folder.rmdir()
        raise KeyboardInterrupt
    return code


def _emptied(work: Path) -> Path:
    """Make the working folder, in place of the one an earlier demonstration may have left."""
    marker = work / ".constat-demo"
    if work.exists():
        if not marker.is_file():
            raise ConfigurationError(f"{work} is not of a demo: choose another folder")
        shutil.rmtree(work)
    work.mkdir(parents=True)
    marker.touch()
    return work


async def _played(
    scenario: Scenario, folder: Path, programs: Programs, narrator: Narrator
) -> int | None:
    """Play a scenario and stop everything it started; None if it was interrupted."""
    playing = asyncio.create_task(_Demonstration(scenario, folder, programs, narrator).play())
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, playing.cancel)
    try:
        return await playing
    except asyncio.CancelledError:
        narrator.say("interrupted: everything is being stopped")
        return None
    except ProgramError as error:
        narrator.say(f"{error}; its last lines:")
        narrator.quote(error.last_lines())
        raise
    finally:
        await programs.stop_all()


class _Demonstration:
    _letter: Path

    def __init__(
        self, scenario: Scenario, folder: Path, programs: Programs, narrator: Narrator
    ) -> None:
        self._scenario = scenario
        self._folder = folder
        self._programs = programs
        self._narrator = narrator
        self._service = Service(programs, folder / "work" / "dossier-patient.db")
        self._product = Product(programs, folder / "work")
        # On the monotonic clock: the planned start, the first path given back, the last changed.
        self._opens = 0.0
        self._returned = math.inf
        self._ward_changed = -math.inf

    async def play(self) -> int:
        self._narrator.open(self._scenario)
        await self._start_everything()
        await self._announce()
        await self._operate()
        return await self._judge()

    async def _start_everything(self) -> None:
        await asyncio.gather(self._start_collector(), self._start_service())
        await asyncio.gather(*(self._start_agent(ward) for ward in Ward))
        self._narrator.say(
            f"three agents measure it, each with its key and its path: {', '.join(Ward)}"
        )

    async def _start_collector(self) -> None:
        await self._product.start_collector()
        await self._product.apply_catalogue(self._scenario.terms)
        self._narrator.say(f"collector with its own PostgreSQL: {self._product.url}")

    async def _start_service(self) -> None:
        await self._service.create()
        await self._service.start(1)
        await self._service.start_maintenance()
        await asyncio.gather(*(self._service.lay_path(ward) for ward in Ward))
        self._narrator.say(f"patient record 1.8.4 with {PATIENTS:,} fictitious patients")

    async def _start_agent(self, ward: Ward) -> None:
        await self._product.enrol_agent(ward, self._service.path_ports[ward])
        await self._product.start_agent(ward)
        await self._product.until_it_measures(ward)

    async def _announce(self) -> None:
        # The notice counts from when it is sealed, which takes a busy machine its time.
        lead_s = max(_LEAD_S, math.ceil(_CAUTION * self._product.slowest_command_s))
        now = datetime.now(UTC)
        start = now.replace(microsecond=0) + timedelta(seconds=lead_s + 1)
        self._opens = time.monotonic() + (start - now).total_seconds()
        await self._product.constat(
            *("window", "announce", "--id", WINDOW),
            *("--hospital", hospital.HOSPITAL, "--service", hospital.SERVICE),
            *("--start", start.isoformat(), "--for", f"PT{self._scenario.planned_s}S"),
            *("--version-from", "1.8.4", "--version-to", "2.0.0", "--version-kind", "major"),
        )
        at = start.astimezone(ZoneInfo("Europe/Paris"))
        self._narrator.say(
            f"window {WINDOW} is announced for {at:%H:%M:%S}, to last {self._scenario.planned_s} s"
        )
        self._letter = await self._product.mailed()
        self._narrator.say(f"the notice is mailed to {hospital.CONTACT}, with its invitation")

    async def _operate(self) -> None:
        await self._narrator.wait_until(self._opens, "the window opens")
        started, _ = await asyncio.gather(
            self._product.constat(
                *("intervention", "start", "--hospital", hospital.HOSPITAL, "--window", WINDOW),
                *("--person", hospital.OPERATOR, "--company", hospital.VENDOR),
                *("--purpose", "version 2.0.0", "--remote"),
            ),
            self._product.constat("window", "start", WINDOW),
        )
        intervention = started.lines[-1].partition(" ")[0]
        self._narrator.say(f"the operation starts: {hospital.OPERATOR}, {intervention}")
        for step in self._scenario.steps:
            await self._take(step)
        await asyncio.gather(
            self._product.constat("intervention", "end", intervention),
            self._product.constat("window", "finish", WINDOW),
        )
        self._narrator.say(f"the operation is finished, {intervention} has ended")

    async def _take(self, step: Step) -> None:
        """Take a step at its instant, or at once if that has passed."""
        what = f"{step.ward} {step.act}" if isinstance(step, WardStep) else str(step.act)
        at = self._opens + step.at_s
        if isinstance(step, WardStep):
            at = max(at, self._ward_changed + _WARDS_APART_S)
        await self._narrator.wait_until(at, what)
        self._programs.watch()
        if isinstance(step, WardStep):
            await self._change_ward(step.ward, step.act)
            self._ward_changed = time.monotonic()
            self._narrator.say(what)
        else:
            self._narrator.say(await self._change_service(step.act))

    async def _change_service(self, act: Upgrade) -> str:
        """Do something to the service, and say what has become of it."""
        match act:
            case Upgrade.STOP:
                await self._service.stop()
                return "version 1.8.4 is stopped"
            case Upgrade.MIGRATE:
                began = time.monotonic()
                with self._narrator.working("migrating") as update:
                    await self._service.migrate(update)
                took_s = time.monotonic() - began
                return f"{PATIENTS:,} patients are migrated, in {took_s:.1f} s"
            case Upgrade.START:
                await self._service.start(2)
                return "version 2.0.0 runs on the migrated database"

    async def _change_ward(self, ward: Ward, act: Act) -> None:
        match act:
            case Act.CUT:
                await self._service.cut(ward)
            case Act.RESTORE:
                await self._service.restore(ward)
                self._returned = min(self._returned, time.monotonic())
            case Act.SHOW_MAINTENANCE:
                await self._service.show_maintenance(ward)
            case Act.KILL_AGENT:
                await self._product.kill_agent(ward)
            case Act.RESTART_AGENT:
                await self._product.start_agent(ward)

    async def _judge(self) -> int:
        """Close the window once it is over, and print what the product says of it."""
        scenario, narrator = self._scenario, self._narrator
        held = self._returned + scenario.terms.return_hold_s
        over = max(time.monotonic(), held, self._opens + scenario.planned_s)
        await narrator.wait_until(over + _MEASURED_BEYOND_S, "the window is over")
        self._programs.watch()
        await self._product.stop_agents()
        await self._product.constat("window", "close", WINDOW)
        narrator.say(f"the window is closed; constat window show {WINDOW}:")
        narrator.print()
        code = await self._show()
        narrator.print()
        await self._tell_the_register()
        await self._prove(code)
        await self._conclude(code)
        return code

    async def _show(self) -> int:
        """Print what `constat window show` says and return its exit code, which is the verdict."""
        if self._narrator.on_terminal:
            return await self._product.show(WINDOW)
        shown = await self._product.shown(WINDOW, "table")
        for line in shown.lines:
            self._narrator.print(line.rstrip())
        return shown.code

    async def _tell_the_register(self) -> None:
        """Print what the register says of the notice, of who intervened and of the year."""
        year = str(datetime.now(ZoneInfo("Europe/Paris")).year)
        for command in (
            ("notice", "list", WINDOW),
            ("intervention", "list", "--window", WINDOW, "--lang", "en"),
            ("report", "deliveries", "--year", year, "--lang", "en"),
        ):
            self._narrator.say(f"constat {' '.join(command)}:")
            self._narrator.print()
            for line in await self._product.told(*command):
                self._narrator.print(line.rstrip())
            self._narrator.print()

    async def _prove(self, code: int) -> None:
        """Put all that proves the verdict into one file, and verify that file alone."""
        bundle, keys = self._folder / f"{WINDOW}.constat", self._folder / "keys.json"
        bundle.unlink(missing_ok=True)
        await self._product.constat(
            "evidence", "export", WINDOW, "--out", str(bundle), "--lang", "en"
        )
        pinned = await self._product.told("evidence", "keys", "--hospital", hospital.HOSPITAL)
        await asyncio.to_thread(keys.write_text, "\n".join(pinned), "utf-8")
        self._narrator.say(f"constat verify {bundle.name} --keys {keys.name}:")
        self._narrator.print()
        verified = await self._product.verified(bundle, keys)
        for line in verified.lines:
            self._narrator.print(line.rstrip())
        self._narrator.print()
        if verified.code != code:
            raise ConstatError(f"the evidence gives exit code {verified.code}, not {code}")

    async def _conclude(self, code: int) -> None:
        """Keep the figures in other forms, and compare the verdict with the one expected."""
        for form in ("json", "csv"):
            shown = await self._product.shown(WINDOW, form)
            text = "".join(f"{line}\n" for line in shown.lines)
            file = self._folder / f"assessment.{form}"
            await asyncio.to_thread(file.write_text, text, "utf-8")
            self._narrator.print(f"{form.upper():10}{file}")
        kept = self._folder / f"{WINDOW}.eml"
        await asyncio.to_thread(shutil.copy, self._letter, kept)
        self._narrator.print(f"E-mail    {kept}")
        report = self._folder / f"{WINDOW}.pdf"
        report.unlink(missing_ok=True)
        await self._product.constat("report", "window", WINDOW, "-O", str(report))
        self._narrator.print(f"Report    {report}")
        self._narrator.print(
            f"Evidence  {self._folder / WINDOW}.constat  for an auditor, alone and offline"
        )
        alone = self._folder / WINDOW
        await self._product.constat("window", "export", WINDOW, str(alone))
        self._narrator.print(f"Figures   {alone}")
        self._narrator.print(f"          constat assess {alone}  judges it again, by itself")
        assessment = json.loads((self._folder / "assessment.json").read_bytes())
        duration, notice = assessment["duration"]["verdict"], assessment["notice"]["verdict"]
        came, expected = Expected(duration, notice, code), self._scenario.expected
        if came != expected:
            raise ConstatError(f"{self._scenario.name} ended with {came}; expected {expected}")
        self._narrator.print(f"\nAs expected of {self._scenario.name}: {came}.")
