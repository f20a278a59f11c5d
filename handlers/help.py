"""`/help`: chapters made of the command table, so that it can never be out of date."""

from handlers.ui.keyboards import choice, rows
from handlers.ui.request import Request
from handlers.ui.table import ButtonRoute, Command, Topic
from ports.messages import Screen


async def show_help(request: Request) -> Screen:
    """A chapter, or one command when it is named: `/help chart`."""
    say, table = request.say, request.services.table
    asked = request.args.strip().lstrip("/").lower()
    allowed = [command for command in table.order if request.may(command.role)]
    named = table.words.get(asked)
    titles = {
        Topic.MARKETS: say("Markets"),
        Topic.SIGNALS: say("Signals"),
        Topic.TRADING: say("Trading"),
        Topic.YOU: say("You"),
        Topic.DESK: say("Desk"),
    }
    if asked not in set(Topic) and named is not None and named in allowed:
        html = say.render("help_command.html", command=named)
        topic = named.topic
    else:
        topic = Topic(asked) if asked in set(Topic) else Topic.MARKETS
        shown = [one for one in allowed if one.topic is topic and not one.for_strangers]
        html = say.render("help.html", title=titles[topic], commands=shown)
    keyboard = rows(choice([(one.value, titles[one]) for one in Topic], topic.value, "h"), width=2)
    return Screen(html=html, keyboard=keyboard)


COMMANDS = (
    Command(
        name="help",
        handler=show_help,
        topic=Topic.DESK,
        summary="What the desk can do, by topic",
        example="/help chart",
        words=("?", "помощь", "справка", "команды", "commands", "menu", "меню"),
    ),
)
BUTTONS = (ButtonRoute(prefix="h", handler=show_help),)
