"""What looks after the desk itself."""

from dataclasses import dataclass

from services.backups import Backups
from services.keys import KeyAges
from services.monitoring import Monitoring
from services.watchdog import Watchdog


@dataclass(frozen=True, slots=True, kw_only=True)
class Upkeep:
    """Backups, the load of the machine, keys, and accounts that are only watched."""

    backups: Backups
    watchdog: Watchdog
    keys: KeyAges
    monitoring: Monitoring
