"""PostgreSQL's own programs, run against one database. The password is never an argument of theirs."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from adapters.sql.place import Place
from ports.errors import Fatal

WITHIN_S: Final = 3600.0
_ASK_S: Final = "15"
_PACKAGE: Final = "install PostgreSQL's client programs (Debian package postgresql-client)"


class Failed(Fatal):
    """A program said no; the message is the last line that it said."""


@dataclass(frozen=True, slots=True)
class PostgresTools:
    """`pg_dump`, `pg_restore` and `psql` for the database at `place`. `path` is where they are looked for,
    as in `PATH`."""

    place: Place
    path: str | None = field(default=None, kw_only=True)

    def run(self, program: str, *arguments: str, database: str | None = None) -> str:
        """What the program says. Raises `Fatal` when it is not there, and `Failed`."""
        try:
            done = subprocess.run(
                [self._find(program), *arguments],
                env=self._environment(database),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=WITHIN_S,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise Failed(f"{program} did not end within {WITHIN_S:.0f} s") from error
        except OSError as error:
            raise Fatal(f"{program} cannot be run: {error.strerror}") from error
        if done.returncode:
            raise Failed(_explained(program, done.stderr))
        return done.stdout

    def ask(self, query: str, *, database: str | None = None) -> list[list[str]]:
        """Rows of a query, as texts. Raises as `run` does."""
        bare = ("-X", "-q", "-A", "-t", "-F", "\t", "-v", "ON_ERROR_STOP=1")
        said = self.run("psql", *bare, "-c", query, database=database)
        return [line.split("\t") for line in said.splitlines() if line]

    def check_there(self) -> None:
        """Raises `Fatal` that names the mend where a program is missing."""
        for program in ("pg_dump", "pg_restore", "psql"):
            self._find(program)

    def _find(self, program: str) -> str:
        found = shutil.which(program, path=self.path)
        if found is None:
            raise Fatal(f"{program} is not there: {_PACKAGE} of the server's version")
        return found

    def _environment(self, database: str | None) -> Mapping[str, str]:
        url = self.place.url
        given = {
            "PGHOST": url.host or _one(url.query.get("host")),
            "PGPORT": "" if url.port is None else str(url.port),
            "PGUSER": url.username or "",
            "PGPASSWORD": str(url.password or ""),
            "PGDATABASE": database or url.database or "",
            "PGSSLMODE": _one(url.query.get("ssl")),
            "PGCONNECT_TIMEOUT": _ASK_S,
        }
        named = {name: value for name, value in given.items() if value}
        return {"PATH": self.path or os.environ.get("PATH", os.defpath), "LC_ALL": "C", **named}


def dumped(tools: PostgresTools, target: Path, schemas: tuple[str, ...]) -> None:
    """Write these schemas, as they are at one moment, into a file of the custom format, without the lease:
    whoever ran the desk does not run the copy. Raises `Fatal`."""
    target.touch(mode=0o600)
    only = [f"--schema={schema}" for schema in schemas]
    foreign = ("--no-owner", "--no-privileges", "--exclude-table-data=*.lease")
    tools.run(
        "pg_dump",
        "--format=custom",
        "--lock-wait-timeout=60s",
        *foreign,
        *only,
        f"--file={target.absolute()}",
    )
    with open(target, "rb") as file:
        os.fsync(file.fileno())


def listed(tools: PostgresTools, dump: Path) -> set[str]:
    """Tables with rows in a dump, as `desk.people`. Raises `Failed` for a file that is none."""
    lines = tools.run("pg_restore", "--list", str(dump.absolute())).splitlines()
    marked = (line.partition(" TABLE DATA ")[2].split() for line in lines if not line.startswith(";"))
    return {f"{words[0]}.{words[1]}" for words in marked if len(words) > 1}


def _explained(program: str, said: str) -> str:
    lines = [line for line in said.splitlines() if line.strip()] or ["it ended without a word"]
    if any("version mismatch" in line for line in lines):
        return f"{program} is older than the server: {_PACKAGE} of the server's version"
    if any("unrecognized configuration parameter" in line for line in lines):
        return f"{program} is newer than the server: {_PACKAGE} of the server's version"
    wrong = [line for line in lines if "error:" in line or "ERROR:" in line] or lines
    return wrong[0].strip()[:300]


def _one(value: str | tuple[str, ...] | None) -> str:
    return value if isinstance(value, str) else "" if value is None else value[0]
