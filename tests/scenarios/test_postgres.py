"""The whole desk on PostgreSQL: the same answers, and a restart forgets nothing."""

from tests.build.desk import running_desk
from tests.build.sandbox import VERA, Sandbox, onboard


async def test_a_desk_on_postgresql_answers_and_remembers(sandbox: Sandbox, postgres_url: str) -> None:
    async with running_desk(sandbox, database_url=postgres_url):
        await onboard(sandbox, VERA)
        await sandbox.ask(VERA, "/settings zone tokyo")
        assert "18:45" in (await sandbox.ask(VERA, "/digest 18:45"))["text"]
        assert "ETH" in (await sandbox.ask(VERA, "/watch eth"))["text"]

    async with running_desk(sandbox, database_url=postgres_url):
        settings = (await sandbox.ask(VERA, "/settings"))["text"]
        assert "Asia/Tokyo" in settings
        assert "18:45" in settings
        price = await sandbox.ask(VERA, "/price eth")
        assert "Unwatch" in [button["text"] for button in price["buttons"][0]]
