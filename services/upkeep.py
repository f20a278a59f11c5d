"""What looks after the desk itself."""

from dataclasses import dataclass

from services.backups import Backups
from services.keys import KeyAges
from services.monitoring import Monitoring
from services.watchdog import Watchdog


@dataclass(frozen=True, slots=True, kw_only=True)
class Upkeep:
    """`backups` is `None` where a database server has its own."""

    backups: Backups | None
    watchdog: Watchdog
    keys: KeyAges
    monitoring: Monitoring
