"""What is remembered between two probes is each check's own, and bounded."""

from probes.memory import Memory
from probes.model.process_target import ProcessSpec


def test_what_is_remembered_is_found_again() -> None:
    memory: Memory[list[str]] = Memory(list)
    spec = ProcessSpec(name="sshd")

    memory.of(spec).append("seen")

    assert memory.of(spec) == ["seen"]


def test_two_checks_that_ask_the_same_do_not_share() -> None:
    memory: Memory[list[str]] = Memory(list)
    first, second = ProcessSpec(name="sshd"), ProcessSpec(name="sshd")

    memory.of(first).append("seen")

    assert memory.of(second) == []


def test_the_one_not_asked_for_the_longest_is_forgotten() -> None:
    memory: Memory[list[str]] = Memory(list, most=2)
    specs = [ProcessSpec(name=name) for name in ("a", "b", "c")]
    for spec in (specs[0], specs[1], specs[0], specs[2]):
        memory.of(spec).append("seen")

    assert memory.of(specs[0]) == ["seen", "seen"]
    assert memory.of(specs[1]) == []
