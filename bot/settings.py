"""Settings: secrets from the environment or `.env`, everything else from `perpetuum.toml`.

The environment wins over `.env`, `.env` over `perpetuum.toml`, and that over the defaults below. A key of
section `market` is written `PERPETUUM_MARKET__STREAMED` in the environment and `.env`. Every unknown key
and every value out of range stops the start with a message that names the nearest valid one.
"""

import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from io import StringIO
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from dotenv.parser import parse_stream
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails

from bot.logs import Redactor
from bot.secrets import SETTABLE, STORE, Secrets
from ports.errors import Fatal

PREFIX = "PERPETUUM_"
SECRETS = {"TELEGRAM_BOT_TOKEN": "telegram_bot_token", "DATABASE_URL": "database_url"}
"""Names in the environment and `.env` that stand without the prefix."""


def _listed(value: object) -> object:
    """`"1, 2"` as people write lists in an environment."""
    if isinstance(value, str):
        return [part for part in value.replace(",", " ").split() if part]
    return value


def _loopback_or_https(value: str | None) -> str | None:
    if value is None:
        return None
    url = urlsplit(value)
    is_ours = url.scheme == "http" and url.hostname in ("127.0.0.1", "localhost", "::1")
    if is_ours or (url.scheme == "https" and url.hostname):
        return value.rstrip("/")
    raise ValueError("must be https://…, or http:// on this machine (127.0.0.1)")


def _token_shaped(value: SecretStr | None) -> SecretStr | None:
    if value is None or re.fullmatch(r"\d+:\S+", value.get_secret_value()):
        return value
    raise ValueError("not a bot token; @BotFather gives one, such as 123456789:AAE…")


PersonIds = Annotated[tuple[Annotated[int, Field(gt=0)], ...], BeforeValidator(_listed)]
AccountNames = Annotated[tuple[Literal["bybit", "gate"], ...], BeforeValidator(_listed)]
BaseUrl = Annotated[str | None, AfterValidator(_loopback_or_https)]
BotToken = Annotated[SecretStr | None, AfterValidator(_token_shaped)]


class Section(BaseModel):
    """A group of keys; unknown ones are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class TelegramSettings(Section):
    """How we speak to Telegram, and who may speak to us."""

    api_url: BaseUrl = None
    admin_chat: int | None = Field(None, lt=0)
    admins: PersonIds = ()
    traders: PersonIds = ()
    viewers: PersonIds = ()
    approvers: PersonIds = ()
    poll_timeout_s: int = Field(25, ge=1, le=50)
    watchdog_s: int = Field(120, ge=30, le=3600)
    overall_per_s: float = Field(30, gt=0, le=100_000)
    chat_per_s: float = Field(1, gt=0, le=100_000)
    chat_burst: int = Field(3, ge=1, le=100_000)
    group_per_min: float = Field(20, gt=0, le=1_000_000)
    flood_per_s: float = Field(3, gt=0, le=100_000)
    flood_burst: int = Field(20, ge=1, le=100_000)


class MarketSettings(Section):
    """Where prices come from and how fresh they must be."""

    bybit_url: BaseUrl = None
    binance_url: BaseUrl = None
    reference: bool = True
    streamed: int = Field(50, ge=1, le=200)
    stale_after_s: int = Field(30, ge=5, le=600)
    min_turnover_usd: float = Field(1_000_000, ge=0, le=1e12)
    collected: int = Field(100, ge=0, le=2000)
    collected_min_turnover_usd: float = Field(1_000_000, ge=0, le=1e12)


class PaperSettings(Section):
    """Paper accounts: what people begin with and what trading costs them."""

    balance_usdt: float = Field(1000, ge=10, le=1e9)
    max_leverage: int = Field(5, ge=1, le=5)
    spot_fee: float = Field(0.001, ge=0, le=0.01)
    maker_fee: float = Field(0.0002, ge=0, le=0.01)
    taker_fee: float = Field(0.00055, ge=0, le=0.01)
    latency_ms: int = Field(150, ge=0, le=10_000)
    signals: bool = False


class VenuesSettings(Section):
    """Accounts at exchanges: where they are reached, how long a request is valid, how many a second."""

    bybit_url: BaseUrl = None
    gate_url: BaseUrl = None
    monitored: AccountNames = ()
    timeout_ms: int = Field(5000, ge=500, le=60_000)
    recv_window_ms: int = Field(5000, ge=500, le=60_000)
    queue_s: float = Field(30, ge=1, le=600)
    bybit_hedged: bool = False
    gate_hedged: bool = True
    bybit_orders_per_s: float = Field(10, gt=0, le=100_000)
    bybit_reads_per_s: float = Field(20, gt=0, le=100_000)
    gate_orders_per_s: float = Field(10, gt=0, le=100_000)
    gate_reads_per_s: float = Field(20, gt=0, le=100_000)


class RiskSettings(Section):
    """Limits of the desk's engines; people's own paper trades have those of `paper`. Shares and losses are
    fractions, multiples are of an engine's capital."""

    order_usd: float = Field(100_000, gt=0, le=1e9)
    asset_share: float = Field(0.45, gt=0, le=1)
    cash_share: float = Field(0.05, ge=0, lt=1)
    margin_share: float = Field(0.7, gt=0, le=0.95)
    delta_share: float = Field(1, gt=0, le=5)
    warn_drawdown: float = Field(0.1, gt=0, lt=1)
    halve_drawdown: float = Field(0.15, gt=0, lt=1)
    halt_drawdown: float = Field(0.2, gt=0, lt=1)
    daily_loss: float = Field(0.03, gt=0, lt=1)
    price_band: float = Field(0.02, gt=0, le=0.2)
    manual_leverage: int = Field(5, ge=1, le=10)
    manual_exposure: float = Field(3, gt=0, le=10)

    @model_validator(mode="after")
    def _is_a_ladder(self) -> "RiskSettings":
        if not self.warn_drawdown <= self.halve_drawdown <= self.halt_drawdown:
            raise ValueError("warn_drawdown, halve_drawdown and halt_drawdown must rise in this order")
        return self


class DeskSettings(Section):
    """The desk itself."""

    data_dir: Path = Path("data")
    world: str = Field("live", pattern=r"^(live|sandbox:[\w.-]{1,64})$")
    heartbeat_url: BaseUrl = None
    clock_url: str | None = Field(None, pattern=r"^ws://(127\.0\.0\.1|localhost|\[::1\])(:\d+)?/")
    language: Literal["en", "ru"] = "en"
    cockpit_every_s: int = Field(15, ge=5, le=3600)
    ticket_s: int = Field(120, ge=15, le=3600)
    live_cooling_s: int = Field(600, ge=1, le=86_400)
    backup_dir: Path | None = None
    backup_days: int = Field(7, ge=1, le=365)
    cpu_share: float = Field(0.5, gt=0, le=1)
    memory_mb: int = Field(2048, ge=256, le=1_000_000)


class LogSettings(Section):
    """What is logged and how."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["json", "console"] = "json"


class Settings(Section):
    """All settings, validated."""

    telegram_bot_token: BotToken = None
    database_url: SecretStr | None = None
    desk: DeskSettings = DeskSettings()
    telegram: TelegramSettings = TelegramSettings()
    market: MarketSettings = MarketSettings()
    paper: PaperSettings = PaperSettings()
    risk: RiskSettings = RiskSettings()
    venues: VenuesSettings = VenuesSettings()
    log: LogSettings = LogSettings()

    @property
    def desk_url(self) -> str:
        """URL of the desk database: the one given, else a SQLite file in the data folder."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite+aiosqlite:///{self.desk.data_dir / 'desk.sqlite3'}"

    @property
    def candles_url(self) -> str:
        """URL of the market database: a SQLite file of its own, or a schema of its own on PostgreSQL."""
        if self.database_url is not None and not self.desk_url.startswith("sqlite"):
            return self.desk_url
        return f"sqlite+aiosqlite:///{self.desk.data_dir / 'market.sqlite3'}"

    def secrets(self) -> tuple[str, ...]:
        """Values that must never be shown."""
        given = (self.telegram_bot_token, self.database_url)
        named = tuple(secret.get_secret_value() for secret in given if secret is not None)
        return named if self.desk.heartbeat_url is None else (*named, self.desk.heartbeat_url)


def load(
    *,
    environ: Mapping[str, str] | None = None,
    dotenv: Path = Path(".env"),
    toml: Path = Path("perpetuum.toml"),
    opens_store: bool = True,
) -> Settings:
    """Read and check all settings. A secret that is in none of them is looked for in the encrypted store,
    unless that is not to be opened.

    Raises `Fatal` that lists every problem with its key, its place and the nearest valid key or value.
    """
    problems: list[str] = []
    merged: dict[str, Any] = {}
    _merge(merged, _toml_values(toml, problems), str(toml), problems)
    lines = _dotenv_lines(dotenv, problems)
    _merge(merged, _nested(lines, str(dotenv), problems, is_closed=True), str(dotenv), problems)
    env = os.environ if environ is None else environ
    _merge(merged, _nested(env, "environment", problems, is_closed=False), "environment", problems)
    if opens_store:
        _merge_secrets(merged, lines, env, problems)
    try:
        settings = Settings.model_validate(merged)
    except ValidationError as error:
        problems.extend(_explained(error))
        settings = None
    if problems or settings is None:
        listed = "\n".join(f"  - {problem}" for problem in problems)
        given = (merged.get(name) for name in SECRETS.values())
        # A token in the place of another value is quoted like that value: mask whatever looks like one.
        mask = Redactor(tuple(secret for secret in given if isinstance(secret, str)))
        raise Fatal("settings are not usable:\n" + mask.text(listed))
    return settings


def secret_sources(
    data_dir: Path, *, environ: Mapping[str, str] | None = None, dotenv: Path = Path(".env")
) -> Secrets:
    """Where the secrets of a desk come from. Raises `Fatal` for a `.env` that cannot be read."""
    problems: list[str] = []
    lines = _dotenv_lines(dotenv, problems)
    if problems:
        raise Fatal("; ".join(problems))
    return _sources(data_dir, os.environ if environ is None else environ, lines)


def _sources(data_dir: Path, environ: Mapping[str, str], lines: Mapping[str, str]) -> Secrets:
    from adapters.secrets.vault import Vault

    return Secrets(environ, lines, Vault(data_dir / STORE))


def _merge_secrets(
    merged: dict[str, Any], lines: Mapping[str, str], environ: Mapping[str, str], problems: list[str]
) -> None:
    """Fill in secrets that stand in a file or in the store."""
    desk = merged.get("desk", {})
    data_dir = desk.get("data_dir") if isinstance(desk, Mapping) else None
    sources = _sources(Path(str(data_dir or DeskSettings().data_dir)), environ, lines)
    for name, key in SECRETS.items():
        if key not in merged:
            try:
                value = sources.get(name)
            except Fatal as error:
                problems.append(str(error))
            else:
                merged |= {} if value is None else {key: value}


def known_keys() -> Iterator[tuple[str, str, Any]]:
    """Every key below the sections as (section, key, field)."""
    for section, group in Settings.model_fields.items():
        model = group.annotation
        if isinstance(model, type) and issubclass(model, Section):
            for key, field in model.model_fields.items():
                yield section, key, field


def _toml_values(path: Path, problems: list[str]) -> dict[str, Any]:
    try:
        return tomllib.loads(_text_of(path, problems))
    except tomllib.TOMLDecodeError as error:
        problems.append(f"{path}: not valid TOML: {error}")
        return {}


def _dotenv_lines(path: Path, problems: list[str]) -> dict[str, str]:
    """Names and values as written: `$` means nothing, and a line that cannot be read is a problem."""
    lines: dict[str, str] = {}
    for binding in parse_stream(StringIO(_text_of(path, problems))):
        if binding.error:
            problems.append(f"{path}: line {binding.original.line} is not NAME=value")
        elif binding.key is not None:
            lines[binding.key] = binding.value or ""
    return lines


def _text_of(path: Path, problems: list[str]) -> str:
    """The file's text; empty when there is none or it cannot be read."""
    if not path.is_file():
        return ""
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        problems.append(f"{path}: not UTF-8 text")
    except OSError as error:
        problems.append(f"{path}: cannot be read: {error.strerror}")
    return ""


def _nested(flat: Mapping[str, str], place: str, problems: list[str], *, is_closed: bool) -> dict[str, Any]:
    """Environment names as nested values; a closed place (our own file) knows no foreign names."""
    names = {f"{PREFIX}{section}__{key}".upper(): (section, key) for section, key, _ in known_keys()}
    nested: dict[str, Any] = {}
    for name, value in flat.items():
        if name in SECRETS:
            if value.strip():
                nested[SECRETS[name]] = value.strip()
        elif name in names:
            section, key = names[name]
            if value.strip():
                nested.setdefault(section, {})[key] = value.strip()
        elif name not in SETTABLE and (is_closed or name.upper().startswith(PREFIX)):
            problems.append(f"{place}: unknown key {name}{_nearest(name, [*names, *SETTABLE])}")
    return nested


def _merge(into: dict[str, Any], values: Mapping[str, Any], place: str, problems: list[str]) -> None:
    """Lay `values` over `into`, naming keys that no section has."""
    sections: dict[str, list[str]] = {}
    for section, key, _ in known_keys():
        sections.setdefault(section, []).append(key)
    for name, value in values.items():
        if name.lower() in SECRETS.values():
            if place.endswith(".toml"):
                problems.append(f"{place}: {name} is a secret and belongs in .env")
            into[name.lower()] = value
        elif name not in sections:
            problems.append(f"{place}: unknown section [{name}]{_nearest(name, list(sections))}")
        elif not isinstance(value, Mapping):
            problems.append(f"{place}: {name} is a section: write [{name}] and its keys below it")
        else:
            _merge_section(into.setdefault(name, {}), name, value, sections[name], place, problems)


def _merge_section(
    into: dict[str, Any],
    section: str,
    values: Mapping[str, Any],
    known: list[str],
    place: str,
    problems: list[str],
) -> None:
    for key, value in values.items():
        if key in known:
            into[key] = value
        elif key.lower() in SECRETS.values():
            problems.append(f"{place}: {section}.{key} is a secret and belongs in .env")
        else:
            problems.append(f"{place}: unknown key {section}.{key}{_nearest(key, known)}")


def _nearest(name: str, known: list[str]) -> str:
    # Without the prefix, which would make everything alike.
    by_core = {one.removeprefix(PREFIX).casefold(): one for one in known}
    near = get_close_matches(name.upper().removeprefix(PREFIX).casefold(), by_core, n=1, cutoff=0.5)
    return f"; did you mean {by_core[near[0]]}?" if near else f"; known: {', '.join(sorted(known))}"


def _explained(error: ValidationError) -> Iterator[str]:
    for problem in error.errors(include_url=False):
        key = ".".join(str(part) for part in problem["loc"])
        given = "" if problem["loc"][0] in SECRETS.values() else f" = {problem['input']!r}"
        yield f"{key}{given}: {problem['msg']}{_mend(problem)}"


def _mend(problem: ErrorDetails) -> str:
    """The nearest valid value, where there is one."""
    context = problem.get("ctx", {})
    for bound, side in {"ge": "", "le": "", "gt": "above ", "lt": "below "}.items():
        if bound in context:
            return f"; nearest valid: {side}{context[bound]}"
    if problem["type"] == "literal_error":
        options = [part.strip("' ") for part in context["expected"].replace(" or ", ",").split(",")]
        near = get_close_matches(str(problem["input"]).casefold(), options, n=1, cutoff=0.0)
        return f"; nearest valid: {near[0]}"
    if problem["type"] == "bool_parsing":
        return "; valid: true, false"
    return ""
