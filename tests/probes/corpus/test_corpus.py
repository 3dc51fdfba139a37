"""Every situation of the corpus gets the one verdict that is true of it, and is not fooled."""

import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from probes.model.measurement import Outcome
from tests.probes.corpus.pasting import PLACES, Edit, first_seen
from tests.probes.corpus.situation import (
    FOLDER,
    MARKER,
    PAGES,
    Situation,
    read,
    seen_in,
    situations,
    verdict_of,
)
from tests.probes.corpus.truth import TRUTH, truth

PASTED: Final = f"<p>{MARKER}</p>"
# What a person can see on a page of a service that works.
HARMLESS: Final = (
    "Maintenance du DPI prévue dimanche 22 novembre : l'application sera indisponible.",
    "Si l'application est en maintenance, appliquez la procédure dégradée.",
    "La maintenance du serveur est terminée. L'erreur ORA-12514 du 12 novembre est corrigée.",
    "Le scanner 2 est en maintenance. La base documentaire est disponible.",
    "Que faire quand la base de données est indisponible ? Appelez le 5555.",
    "Votre session a expiré après 15 minutes d'inactivité.",
    "The system will be down for scheduled maintenance on Sunday.",
)
# What none may say that works.
ALARMING: Final = (
    "L'application est actuellement indisponible.",
    "Le dossier patient est arr&ecirc;t&eacute; pour une mont&eacute;e de version.",
    "En raison d&rsquo;une opération de maintenance, le site est inaccessible.",
    "This site is down for maintenance.",
    "ORA-03113: end-of-file on communication channel",
    "La base de données est inaccessible.",
    "javax.servlet.ServletException: null",
    "HTTP Status 500 &ndash; Internal Server Error",
    "Error establishing a database connection",
)


def named(situation: Situation) -> str:
    return f"{situation.theme}: {situation.name}"


@pytest.mark.parametrize("situation", situations(), ids=named)
async def test_the_verdict_is_the_true_one(situation: Situation, tmp_path: Path) -> None:
    seen = await seen_in(situation, tmp_path)

    assert verdict_of(seen) == situation.must, seen.detail


OUT_OF_ORDER: Final = [
    situation
    for situation in situations()
    if situation.kind == "http"
    and situation.must.outcome in (Outcome.DOWN, Outcome.UNKNOWN)
    and not situation.marker_decides
]
IN_ORDER: Final = [
    situation
    for situation in situations()
    if situation.serves.page and situation.must.outcome is Outcome.UP and not situation.asks
]


@pytest.mark.parametrize("paste", PLACES, ids=lambda paste: paste.__name__)
@pytest.mark.parametrize("situation", OUT_OF_ORDER, ids=named)
async def test_the_marker_alone_fools_nobody(
    situation: Situation, paste: Callable[[str], Edit], tmp_path: Path
) -> None:
    seen = await seen_in(situation, tmp_path, PAGES.edited(paste(PASTED)))

    assert seen.outcome is situation.must.outcome, seen.detail


@pytest.mark.parametrize("words", HARMLESS)
@pytest.mark.parametrize("situation", IN_ORDER, ids=named)
async def test_a_page_that_speaks_of_faults_is_up(
    situation: Situation, words: str, tmp_path: Path
) -> None:
    if situation.serves.charset != "utf-8":
        pytest.skip("its charset has no word for it")
    seen = await seen_in(situation, tmp_path, PAGES.edited(first_seen(f"<p>{words}</p>")))

    assert seen.outcome is Outcome.UP, seen.detail


@pytest.mark.parametrize("words", ALARMING)
async def test_a_page_that_states_a_fault_is_down(words: str, tmp_path: Path) -> None:
    (login,) = (each for each in situations() if each.name == "login page")
    for paste in PLACES:
        seen = await seen_in(login, tmp_path, PAGES.edited(paste(f"<div>{words}</div>")))

        assert seen.outcome is Outcome.DOWN


def test_there_are_at_least_a_hundred_and_no_name_twice() -> None:
    names = Counter(situation.name for situation in situations())

    assert len(situations()) >= 100
    assert names.most_common(1)[0][1] == 1


def test_every_page_is_served() -> None:
    texts = [path.read_text("utf-8") for path in (FOLDER / "situations").glob("*.yaml")]
    pages = {path.name for path in (FOLDER / "pages").iterdir()}

    assert {name for name in pages if not any(name in text for text in texts)} == set()


def test_the_document_says_what_the_corpus_does() -> None:
    assert TRUTH.read_text("utf-8") == truth(), "run make docs"


async def test_the_example_of_the_readme_is_a_situation_in_five_lines(tmp_path: Path) -> None:
    readme = (FOLDER / "README.md").read_text("utf-8")
    (example,) = re.findall(r"```yaml\n(.*?)```", readme, re.DOTALL)
    (situation,) = read(example, "readme")

    assert len(example.splitlines()) == 5
    assert verdict_of(await seen_in(situation, tmp_path)) == situation.must
