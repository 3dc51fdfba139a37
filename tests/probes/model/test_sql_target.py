"""A sql check that proves nothing, or could do more than read, is refused in the words it holds."""

from typing import Any

import pytest

from probes.model.sql_target import Dialect, SqlSpec


def _spec(dialect: Dialect = Dialect.POSTGRESQL, **options: Any) -> SqlSpec:  # noqa: ANN401
    return SqlSpec(**{"dialect": dialect, "host": "db.example", "username": "constat", **options})


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"username": ""}, "username: is empty"),
        ({"username": "a\nb"}, "username: is not one line of text"),
        ({"database": "a\0b"}, "database: is not one line of text"),
        ({"port": 70_000}, "port: 70000 is not a port"),
        ({"host": "a b"}, "host: 'a b' is not a host name or an IP address"),
        (
            {"dialect": Dialect.ORACLE},
            "database: is missing; oracle asks for the name",
        ),
        ({"min_rows": -1}, "min_rows: -1 is not 0 to 10000"),
        ({"min_rows": 0}, "min_rows: 0 proves nothing; give max_rows, or expect a row"),
        (
            {"min_rows": 0, "max_rows": 1, "expect": 1},
            "min_rows: 0 contradicts expect",
        ),
        ({"min_rows": 2, "max_rows": 1}, "max_rows: 1 is not 2 to 10000"),
        ({"degraded_after_ms": 0}, "degraded_after_ms: 0 is not more than 0"),
    ],
)
def test_a_check_that_makes_no_sense_is_refused(options: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValueError, match="^" + fault):
        _spec(**options)


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("", "does not begin with SELECT, SHOW, VALUES, WITH"),
        ("DELETE FROM patient", "does not begin with"),
        ("(SELECT 1)", "does not begin with"),
        ("SELECTED 1", "does not begin with"),
        ("SELECT 1; SELECT 2", "is more than one statement"),
        ("SELECT 1;;", "is more than one statement"),
        ("SELECT 1; DROP TABLE patient", "is more than one statement"),
        ("SELECT 1 DROP TABLE patient", "DROP does more than read"),
        ("select 1 drop table patient", "drop does more than read"),
        ("SELECT * INTO copy FROM patient", "INTO does more than read"),
        ("SELECT * FROM patient FOR UPDATE", "UPDATE does more than read"),
        ("WITH a AS (DELETE FROM patient RETURNING 1) SELECT 1", "DELETE does more than read"),
        ("WITH a AS (SELECT 1)\nINSERT\tINTO b SELECT 1", "INSERT does more than read"),
        ("SELECT 1 /*! DROP TABLE patient */", "holds /*"),
        ("SELECT 1 -- nothing", "holds --"),
        ("SELECT 1 # nothing", "holds #"),
        (r"SELECT '\'; DROP TABLE patient; '", r"holds \\"),
        ("SELECT $$;$$", r"holds \$\$"),
        ("SELECT 'a", "a quote is not closed"),
        ('SELECT "a', "a quote is not closed"),
        ("SELECT '''", "a quote is not closed"),
    ],
)
def test_a_statement_that_could_do_more_than_read_is_refused(statement: str, fault: str) -> None:
    fault = fault.replace("/*", r"/\*")
    with pytest.raises(ValueError, match="^statement: " + fault):
        _spec(statement=statement)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT 1",
        " select 1 ; ",
        "SHOW server_version",
        "VALUES (1)",
        "WITH a AS (SELECT 1) SELECT * FROM a",
        "SELECT 'DROP TABLE; it''s a text'",
        'SELECT "update" FROM "insert"',
        "SELECT created, updated, settings FROM droplets",
        "SELECT replace(a, 'x', 'y') FROM b",
    ],
)
def test_a_statement_that_only_reads_is_taken(statement: str) -> None:
    assert _spec(statement=statement).question == statement.strip().removesuffix(";").strip()


def test_brackets_quote_in_sql_server_alone() -> None:
    assert _spec(Dialect.SQLSERVER, statement="SELECT [update] FROM [a;b]").question
    with pytest.raises(ValueError, match="more than one"):
        _spec(statement="SELECT a[1; DROP TABLE patient; SELECT 1]")


@pytest.mark.parametrize(
    ("dialect", "port"),
    [
        (Dialect.POSTGRESQL, 5432),
        (Dialect.MYSQL, 3306),
        (Dialect.SQLSERVER, 1433),
        (Dialect.ORACLE, 1521),
    ],
)
def test_a_dialect_has_its_usual_port(dialect: Dialect, port: int) -> None:
    assert _spec(dialect, database="dpi").target.port == port
    assert _spec(dialect, database="dpi", port=1).target.port == 1


def test_the_default_statement_is_one_that_every_version_of_oracle_takes() -> None:
    assert _spec(Dialect.ORACLE, database="dpi").question == "SELECT 1 FROM dual"
    assert _spec(Dialect.ORACLE, database="dpi", statement="SELECT 2").question == "SELECT 2"


def test_one_row_more_than_may_come_is_read() -> None:
    assert _spec().most_rows == 1
    assert _spec(min_rows=3).most_rows == 3
    assert _spec(min_rows=3, max_rows=5).most_rows == 6
