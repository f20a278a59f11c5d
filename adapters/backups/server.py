"""A desk on a PostgreSQL server: dumped while it runs, tried in a database of its own, and put back whole."""

import secrets
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import structlog

from adapters.backups.manifest import Rows, proven
from adapters.backups.postgres_tools import WITHIN_S, Failed, PostgresTools, dumped, listed
from adapters.backups.restoring import Restored, refuse_holder, restore_side_files, set_aside
from ports.errors import Fatal

log = structlog.get_logger()

DUMP: Final = "server.dump"
SCHEMAS: Final = ("desk", "market")
_SCRATCH: Final = "perpetuum_rehearsal_"
_LEFT_S: Final = 12 * WITHIN_S
"""A rehearsal that began so long ago has ended: each of its programs would have been stopped."""
_QUIET: Final = ("-X", "-q", "-v", "ON_ERROR_STOP=1", "--single-transaction")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerBelongings:
    """What a desk on a server must not lose: both of its schemas, and small files beside it. What `waiting`
    holds is of the database that is there, and goes when that goes."""

    tools: PostgresTools
    side_files: Sequence[Path]
    waiting: Path
    world: str
    mode: str

    def check(self) -> None:
        """Whether the server's programs are there. Raises `Fatal`."""
        self.tools.check_there()

    def copy_into(self, target: Path) -> Rows:
        """Dump, and prove that it can be put back; rows by schema and table, none where the account may make
        no database to try it in. Raises `Fatal`."""
        self.check()
        there = _schemas(self.tools)
        if "desk" not in there:
            raise Fatal(f"there is no desk at {_named(self.tools)}: nothing to back up")
        dump = target / DUMP
        dumped(self.tools, dump, there)
        missing = {f"{schema}.{table}" for schema, table in _tables(self.tools)} - listed(self.tools, dump)
        if lost := missing - {"desk.lease"}:
            raise Fatal(f"the dump lacks {', '.join(sorted(lost))}")
        return _rehearsed(self.tools, dump)


def restore_server(
    backup: Path, belongings: ServerBelongings, *, now: datetime, is_running: Callable[[str], bool | None]
) -> Restored:
    """Put the schemas of a backup in the place of those that are there, which get another name; all of it or
    nothing. Changes that waited for the former are kept aside as well. Side files come where there are none.

    Raises `Fatal`, and has changed nothing then, for a backup that is not whole or of another world, and
    while a desk runs on the database.
    """
    manifest, tools = proven(backup, belongings.world, belongings.mode), belongings.tools
    tools.check_there()
    if DUMP not in manifest.files:
        raise Fatal(f"{backup} is of a desk in files, and this one is on a server")
    there = _schemas(tools)
    if "desk" in there:
        _refuse(belongings, now=now, is_running=is_running)
    aside = {schema: f"{schema}_replaced_{now:%Y%m%dt%H%M%S}z" for schema in there}
    with _script(tools, backup / DUMP) as script:
        renames = [f"ALTER SCHEMA {schema} RENAME TO {name}" for schema, name in aside.items()]
        tools.run("psql", *_QUIET, *(word for one in renames for word in ("-c", one)), "-f", str(script))
    if manifest.rows and _looked_over(tools, None) != manifest.rows:
        raise Fatal(f"{backup}: the rows that were put back are not those that were counted")
    try:
        kept = set_aside([belongings.waiting], belongings.waiting.parent, now)
        came, stayed = restore_side_files(backup, manifest, belongings.side_files)
    except OSError as error:
        raise Fatal(f"the databases are back, but not the files beside them: {error}") from error
    return Restored(
        manifest=manifest,
        put_back=(_named(tools), *(str(path) for path in came)),
        stayed=tuple(stayed),
        aside=kept,
        renamed=tuple(aside.values()),
    )


def _named(tools: PostgresTools) -> str:
    """The database of both schemas."""
    return str(tools.place).partition(" at ")[2]


def _rehearsed(tools: PostgresTools, dump: Path) -> Rows:
    """Put the dump into a new database, and look it over there."""
    _sweep(tools)
    [[now]] = tools.ask("SELECT extract(epoch FROM now())::bigint")
    scratch = f"{_SCRATCH}{now}_{secrets.token_hex(6)}"
    if not _may_create(tools):
        log.warning("backup_not_rehearsed", error="the account may make no database")
        tools.run("pg_restore", "--file=/dev/null", str(dump.absolute()))  # all of it can be read, at least
        return {}
    tools.ask(f"CREATE DATABASE {scratch} TEMPLATE template0")
    try:
        put = ("--exit-on-error", "--single-transaction", "--no-owner", f"--dbname={scratch}")
        tools.run("pg_restore", *put, str(dump.absolute()), database=scratch)
        return _looked_over(tools, scratch)
    finally:
        tools.ask(f"DROP DATABASE {scratch}")


def _may_create(tools: PostgresTools) -> bool:
    """Asked rather than tried: a server refuses in a language of its own."""
    asked = "SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user"
    return tools.ask(asked) == [["t"]]


def _sweep(tools: PostgresTools) -> None:
    """Drop databases of rehearsals that were killed; one that cannot be dropped holds up no backup."""
    began = f"substring(datname::text FROM '^{_SCRATCH}(\\d{{1,12}})_')::bigint"
    is_left = f"{began} < extract(epoch FROM now()) - {_LEFT_S}"
    left = f"SELECT datname FROM pg_database WHERE pg_get_userbyid(datdba) = current_user AND {is_left}"
    for (name,) in tools.ask(left):
        try:
            tools.ask(f"DROP DATABASE IF EXISTS {name}")
        except Failed as error:
            log.warning("rehearsal_left_behind", database=name, error=str(error))


def _looked_over(tools: PostgresTools, database: str | None) -> Rows:
    """Rows of each table. Raises `Fatal` for a ledger that does not sum to zero."""
    tables = _tables(tools, database=database)
    if ("desk", "postings") in tables:
        _check_ledger(tools, database)
    counted = " UNION ALL ".join(
        f"SELECT '{schema}', '{table}', count(*) FROM {schema}.\"{table}\"" for schema, table in tables
    )
    rows: dict[str, dict[str, int]] = {}
    for schema, table, count in tools.ask(counted, database=database):
        rows.setdefault(schema, {})[table] = int(count)
    return rows


def _check_ledger(tools: PostgresTools, database: str | None) -> None:
    sums = (
        "SELECT entry_id, asset, sum(amount) FROM desk.postings GROUP BY 1, 2 HAVING sum(amount) <> 0 LIMIT 1"
    )
    for entry, asset, amount in tools.ask(sums, database=database):
        raise Fatal(f"{_named(tools)}: ledger entry {entry} is out of balance by {amount} {asset}")


def _schemas(tools: PostgresTools) -> tuple[str, ...]:
    """Those of ours that there are."""
    found = {name for (name,) in tools.ask("SELECT nspname FROM pg_namespace")}
    return tuple(schema for schema in SCHEMAS if schema in found)


def _tables(tools: PostgresTools, *, database: str | None = None) -> list[tuple[str, str]]:
    names = ", ".join(f"'{schema}'" for schema in SCHEMAS)
    asked = f"SELECT schemaname, tablename FROM pg_tables WHERE schemaname IN ({names}) ORDER BY 1, 2"
    return [(schema, table) for schema, table in tools.ask(asked, database=database)]


def _refuse(belongings: ServerBelongings, *, now: datetime, is_running: Callable[[str], bool | None]) -> None:
    tools, tables = belongings.tools, _tables(belongings.tools)
    if ("desk", "lease") in tables:
        since = "extract(epoch FROM renewed_at)"
        for holder, renewed_at in tools.ask(f"SELECT holder, {since} FROM desk.lease"):
            at = datetime.fromtimestamp(float(renewed_at), UTC)
            refuse_holder(_named(tools), holder, at, now=now, is_running=is_running)
    wanted = [belongings.world, belongings.mode]
    if ("desk", "stamp") in tables:
        for found in tools.ask("SELECT world, mode FROM desk.stamp"):
            if found != wanted:
                raise Fatal(
                    f"{_named(tools)} belongs to world {found[0]!r} in mode {found[1]!r}: it is not replaced"
                )


@contextmanager
def _script(tools: PostgresTools, dump: Path) -> Iterator[Path]:
    """The dump as statements, whole before the first of them is carried out."""
    with tempfile.TemporaryDirectory(prefix="perpetuum-restore-") as folder:
        script = Path(folder) / "restore.sql"
        tools.run("pg_restore", "--no-owner", "--no-privileges", f"--file={script}", str(dump.absolute()))
        yield script
