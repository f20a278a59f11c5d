"""Settings: where values come from, what is refused, and that no refusal shows a secret."""

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.secrets import NAMES, PASSPHRASE
from bot.settings import PREFIX, Settings, known_keys, load
from ports.errors import Fatal

ROOT = Path(__file__).resolve().parent.parent.parent
TOKEN = "123456789:AAF-obviously-not-a-real-token-0000"
URL = "postgresql+asyncpg://desk:hunter2secret@db.internal/desk"


class Place:
    """A folder with settings files, read as `perpetuum` would."""

    def __init__(self, folder: Path) -> None:
        self.dotenv = folder / ".env"
        self.toml = folder / "perpetuum.toml"

    def load(self, **environ: str) -> Settings:
        return load(environ=environ, dotenv=self.dotenv, toml=self.toml)

    def refusal(self, **environ: str) -> str:
        with pytest.raises(Fatal) as refused:
            self.load(**environ)
        return str(refused.value)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_without_any_source_the_defaults_hold(place: Place) -> None:
    assert place.load() == Settings()


def test_environment_wins_over_dotenv_and_that_over_toml(place: Place) -> None:
    place.toml.write_text("[telegram]\npoll_timeout_s = 11\nchat_burst = 11\nflood_burst = 11\n")
    place.dotenv.write_text(
        "PERPETUUM_TELEGRAM__POLL_TIMEOUT_S=22\nPERPETUUM_TELEGRAM__CHAT_BURST=22\nTELEGRAM_BOT_TOKEN=2:two\n"
    )
    settings = place.load(PERPETUUM_TELEGRAM__POLL_TIMEOUT_S="33", TELEGRAM_BOT_TOKEN="3:three")
    telegram = settings.telegram
    assert (telegram.poll_timeout_s, telegram.chat_burst, telegram.flood_burst) == (33, 22, 11)
    assert settings.secrets() == ("3:three",)


def test_an_empty_value_is_no_value(place: Place) -> None:
    place.toml.write_text('[desk]\nlanguage = "ru"\n')
    settings = place.load(PERPETUUM_DESK__LANGUAGE=" ", TELEGRAM_BOT_TOKEN="", PERPETUUM_TELEGRAM__ADMINS="")
    assert settings.desk.language == "ru"
    assert settings.telegram_bot_token is None
    assert settings.telegram.admins == ()


@pytest.mark.parametrize("written", ["1, 2", "1,2", "1 2", " 1 ,  2, "])
def test_lists_are_read_as_people_write_them(place: Place, written: str) -> None:
    assert place.load(PERPETUUM_TELEGRAM__ADMINS=written).telegram.admins == (1, 2)


def test_lists_in_toml_are_lists(place: Place) -> None:
    place.toml.write_text("[telegram]\nadmins = [1, 2]\n")
    assert place.load().telegram.admins == (1, 2)


def test_a_dollar_in_dotenv_means_itself(place: Place) -> None:
    place.dotenv.write_text("DATABASE_URL=postgresql+asyncpg://desk:pa${HOME}ss@db/desk\n")
    assert place.load().desk_url == "postgresql+asyncpg://desk:pa${HOME}ss@db/desk"


def test_dotenv_may_quote_export_and_comment(place: Place) -> None:
    place.dotenv.write_text("# mine\n\nexport PERPETUUM_DESK__LANGUAGE='ru'  # Russian\n")
    assert place.load().desk.language == "ru"


def test_the_database_is_a_file_in_the_data_folder_unless_a_url_is_given(place: Place) -> None:
    settings = place.load(PERPETUUM_DESK__DATA_DIR="var/x")
    assert settings.desk_url == "sqlite+aiosqlite:///var/x/desk.sqlite3"
    assert place.load(DATABASE_URL=URL).desk_url == URL


def test_a_folder_named_like_a_settings_file_is_no_settings_file(place: Place) -> None:
    place.dotenv.mkdir()
    place.toml.mkdir()
    assert place.load() == Settings()


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("PERPETUUM_TELEGRAM__ADMIN", "PERPETUUM_TELEGRAM__ADMINS"),
        ("PERPETUUM_MARKET_STREAMED", "PERPETUUM_MARKET__STREAMED"),
        ("perpetuum_log__level", "PERPETUUM_LOG__LEVEL"),
        ("PERPETUUM_TELEGRAM_BOT_TOKEN", "TELEGRAM_BOT_TOKEN"),
        ("PERPETUUM_DATABASE_URL", "DATABASE_URL"),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest(place: Place, typed: str, meant: str) -> None:
    from_environment = place.refusal(**{typed: "1"})
    assert f"environment: unknown key {typed}; did you mean {meant}?" in from_environment
    place.dotenv.write_text(f"{typed}=1\n")
    assert f"unknown key {typed}; did you mean {meant}?" in place.refusal()


def test_dotenv_is_ours_alone_but_the_environment_is_shared(place: Place) -> None:
    assert place.load(PATH="/bin", TELEGRAM_TOKEN="x") == Settings()
    place.dotenv.write_text("telegram_bot_tokn=x\n")
    assert "did you mean TELEGRAM_BOT_TOKEN?" in place.refusal()


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("[telegram]\nadmin = [1]\n", "unknown key telegram.admin; did you mean admins?"),
        ("[telegramm]\nadmins = [1]\n", "unknown section [telegramm]; did you mean telegram?"),
        ("[zzz]\na = 1\n", "unknown section [zzz]; known: desk, log, market, paper, risk, telegram, venues"),
        ("telegram = 5\n", "telegram is a section: write [telegram] and its keys below it"),
        ("[telegram\n", "not valid TOML"),
    ],
)
def test_toml_that_is_wrong_is_refused_with_the_nearest(place: Place, written: str, says: str) -> None:
    place.toml.write_text(written)
    assert says in place.refusal()


@pytest.mark.parametrize(
    ("name", "value", "nearest"),
    [
        ("TELEGRAM__POLL_TIMEOUT_S", "0", "telegram.poll_timeout_s = '0'.*; nearest valid: 1$"),
        ("TELEGRAM__POLL_TIMEOUT_S", "51", "telegram.poll_timeout_s = '51'.*; nearest valid: 50$"),
        ("TELEGRAM__CHAT_PER_S", "0", "telegram.chat_per_s = '0'.*; nearest valid: above 0.0$"),
        ("TELEGRAM__WATCHDOG_S", "5", "telegram.watchdog_s = '5'.*; nearest valid: 30$"),
        ("TELEGRAM__ADMINS", "7, -3", "telegram.admins.1 = '-3'.*; nearest valid: above 0$"),
        ("TELEGRAM__ADMINS", "anna", "telegram.admins.0 = 'anna'.*valid integer"),
        ("MARKET__STREAMED", "many", "market.streamed = 'many'.*valid integer"),
        ("MARKET__MIN_TURNOVER_USD", "inf", "market.min_turnover_usd = 'inf'"),
        ("MARKET__MIN_TURNOVER_USD", "nan", "market.min_turnover_usd = 'nan'"),
        ("MARKET__REFERENCE", "perhaps", "market.reference = 'perhaps'.*; valid: true, false$"),
        ("LOG__LEVEL", "WARN", "log.level = 'WARN'.*; nearest valid: warning$"),
        ("LOG__FORMAT", "jsonl", "log.format = 'jsonl'.*; nearest valid: json$"),
        ("DESK__LANGUAGE", "rus", "desk.language = 'rus'.*; nearest valid: ru$"),
        ("DESK__WORLD", "test", "desk.world = 'test'"),
        ("DESK__CLOCK_URL", "ws://elsewhere.example/clock", "desk.clock_url"),
    ],
)
def test_a_value_out_of_range_is_refused_with_the_nearest(
    place: Place, name: str, value: str, nearest: str
) -> None:
    assert re.search(nearest, place.refusal(**{PREFIX + name: value}), re.MULTILINE)


def test_every_problem_of_every_place_is_named_at_once(place: Place) -> None:
    place.toml.write_text("[log]\nlvl = 1\n")
    place.dotenv.write_text("NO_SUCH=1\nthis is not a setting\n")
    says = place.refusal(PERPETUUM_X="1", PERPETUUM_MARKET__STREAMED="0")
    for piece in ("log.lvl", "NO_SUCH", "line 2 is not NAME=value", "PERPETUUM_X", "market.streamed"):
        assert piece in says
    assert len(says.splitlines()) == 6


def test_a_file_that_is_not_text_is_refused(place: Place) -> None:
    place.dotenv.write_bytes(b"A=\xff\xfe\n")
    place.toml.write_bytes(b"\xff\xfe")
    assert place.refusal().count("not UTF-8 text") == 2


@pytest.mark.parametrize(
    "url", ["https://api.example.org", "http://127.0.0.1:81", "http://localhost:8081", "http://[::1]:81"]
)
def test_a_base_url_is_https_or_on_this_machine(place: Place, url: str) -> None:
    assert place.load(PERPETUUM_TELEGRAM__API_URL=f"{url}/").telegram.api_url == url


@pytest.mark.parametrize(
    "url",
    [
        "http://api.example.org",
        "http://127.0.0.1.example.org",
        "http://localhost.example.org",
        "http://127.0.0.1@example.org",
        "ftp://127.0.0.1",
        "https://",
        "127.0.0.1:81",
        "http://[::1",
    ],
)
def test_a_base_url_that_leaves_this_machine_unencrypted_is_refused(place: Place, url: str) -> None:
    assert "market.bybit_url" in place.refusal(PERPETUUM_MARKET__BYBIT_URL=url)


@pytest.mark.parametrize(
    "written",
    [
        f'telegram_bot_token = "{TOKEN}"\n',
        f'TELEGRAM_BOT_TOKEN = "{TOKEN}"\n',
        f'[telegram]\ntelegram_bot_token = "{TOKEN}"\n',
        f'database_url = "{URL}"\n',
    ],
)
def test_secrets_in_toml_are_refused_unseen(place: Place, written: str) -> None:
    place.toml.write_text(written)
    says = place.refusal()
    assert "is a secret and belongs in .env" in says
    assert TOKEN not in says
    assert "hunter2" not in says


@pytest.mark.parametrize("name", [f"{PREFIX}{s}__{k}".upper() for s, k, _ in known_keys()])
def test_a_secret_in_the_place_of_any_value_is_not_shown(place: Place, name: str) -> None:
    shown = ""
    for secret in (TOKEN, URL):
        try:
            place.load(**{name: secret})
        except Fatal as error:
            shown += str(error)
    assert TOKEN not in shown
    assert "hunter2" not in shown


def test_a_token_on_a_line_of_its_own_is_not_shown(place: Place) -> None:
    place.dotenv.write_text(f"{TOKEN}\n")
    assert TOKEN not in place.refusal()


@given(value=st.text(min_size=8).filter(lambda text: text.strip() == text and "\0" not in text))
def test_a_given_secret_is_never_in_a_refusal(value: str) -> None:
    with pytest.raises(Fatal) as refused:
        load(
            environ={"TELEGRAM_BOT_TOKEN": value, "PERPETUUM_MARKET__STREAMED": f"0 {value}"},
            dotenv=Path("no.env"),
            toml=Path("no.toml"),
        )
    assert value not in str(refused.value)


@pytest.mark.parametrize("token", ["AAF-without-the-number", "123456789", "12: 34", "@my_bot"])
def test_what_is_no_token_at_all_is_refused_unseen(place: Place, token: str) -> None:
    says = place.refusal(TELEGRAM_BOT_TOKEN=token)
    assert "telegram_bot_token: Value error, not a bot token; @BotFather gives one" in says
    assert token not in says


def test_settings_shown_hide_their_secrets(place: Place) -> None:
    shown = repr(place.load(TELEGRAM_BOT_TOKEN=TOKEN, DATABASE_URL=URL))
    assert TOKEN not in shown
    assert "hunter2" not in shown


def example_lines() -> dict[str, str]:
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    return dict(re.findall(r"^#?([A-Z][A-Z0-9_]*)=(.*)$", text, re.MULTILINE))


def test_the_example_lists_exactly_the_known_keys() -> None:
    known = [f"{PREFIX}{section}__{key}".upper() for section, key, _ in known_keys()]
    assert sorted(example_lines()) == sorted([*NAMES, PASSPHRASE, *known])


def test_the_example_as_it_is_gives_the_defaults(place: Place) -> None:
    place.dotenv.write_text((ROOT / ".env.example").read_text(encoding="utf-8"), encoding="utf-8")
    assert place.load() == Settings()


def test_the_example_with_everything_switched_on_gives_the_defaults(place: Place) -> None:
    place.dotenv.write_text("".join(f"{name}={value}\n" for name, value in example_lines().items()))
    assert place.load() == Settings()


def bounds() -> list[tuple[str, Any]]:
    return [
        (f"{PREFIX}{section}__{key}".upper(), value)
        for section, key, field in known_keys()
        for rule in field.metadata
        for name in ("ge", "le")
        if (value := getattr(rule, name, None)) is not None
    ]


@pytest.mark.parametrize(("name", "bound"), bounds())
def test_the_example_tells_every_bound(name: str, bound: float) -> None:
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    paragraph = next(part for part in text.split("\n\n") if f"#{name}=" in part)
    assert re.search(rf"\b{bound:.0f}\b", paragraph)
