"""The coins of the synthetic market: what each is worth, and how it moves."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Coin:
    """One coin traded against USDT.

    `price` is what it is worth about when the market opens, `turnover` the usual daily turnover (both in
    USDT), `beta` its pull by the market, `own_volatility` the annual volatility that is its alone.
    """

    base: str
    price: float
    price_decimals: int
    volume_decimals: int
    turnover: float
    beta: float
    own_volatility: float

    @property
    def symbol(self) -> str:
        """The compact market name (`"BTCUSDT"`)."""
        return f"{self.base}USDT"


# base, price, price decimals, volume decimals, daily turnover in millions, beta, own volatility
_TABLE = """
BTC   97000     2 6 2400  1.00 0.05
ETH    3400     2 5 1300  1.15 0.25
SOL     195     2 3  620  1.30 0.45
XRP       2.3   4 2  540  1.05 0.60
BNB     690     1 4  260  0.85 0.30
DOGE      0.34  5 1  380  1.35 0.60
ADA       0.95  4 2  190  1.25 0.55
TRX       0.25  4 1  110  0.60 0.40
AVAX     37     2 3  130  1.35 0.50
LINK     21     2 3  120  1.30 0.50
SUI       4.4   4 2  210  1.45 0.70
XLM       0.41  4 1   90  1.15 0.65
TON       5.5   3 2   60  0.95 0.50
SHIB      0.0000215 8 0 95 1.35 0.55
HBAR      0.28  5 1  100  1.30 0.70
DOT       6.9   3 2   75  1.30 0.45
BCH     440     1 4   60  1.10 0.45
LTC     104     2 4   95  1.05 0.45
UNI      13.2   3 2   70  1.35 0.60
PEPE      0.0000178 8 0 240 1.55 0.80
NEAR      5.1   3 2   80  1.40 0.55
APT       9.3   2 2   60  1.40 0.60
ICP      10.1   3 2   35  1.30 0.55
AAVE    310     2 4   90  1.40 0.60
ETC      26     2 3   40  1.25 0.45
POL       0.46  4 1   45  1.35 0.50
FIL       5.2   3 2   50  1.35 0.50
RENDER    7.2   3 2   40  1.45 0.65
ARB       0.74  4 1   85  1.45 0.55
ATOM      6.4   3 2   40  1.25 0.45
OP        1.8   4 2   60  1.45 0.60
IMX       1.3   4 2   25  1.45 0.65
INJ      20     2 3   45  1.50 0.65
STX       1.5   4 2   20  1.40 0.60
GRT       0.2   4 1   20  1.40 0.60
TAO     470     1 4   55  1.45 0.75
SEI       0.4   4 1   40  1.50 0.70
FET       1.3   4 2   70  1.50 0.75
ALGO      0.34  4 1   45  1.30 0.55
JUP       0.82  4 1   35  1.40 0.70
TIA       4.8   3 2   55  1.50 0.75
LDO       1.8   4 2   45  1.45 0.60
ONDO      1.4   4 2   50  1.35 0.70
WIF       1.8   4 2  120  1.65 1.00
BONK      0.0000305 8 0 110 1.60 0.95
FLOKI     0.000168  8 0  70 1.60 0.90
ENA       0.92  4 1   90  1.55 0.85
RUNE      4.7   3 2   40  1.45 0.65
CRV       0.9   4 1   70  1.40 0.75
SAND      0.55  4 1   45  1.35 0.60
"""


def _coin(line: str) -> Coin:
    base, price, price_decimals, volume_decimals, millions, beta, own = line.split()
    return Coin(
        base=base,
        price=float(price),
        price_decimals=int(price_decimals),
        volume_decimals=int(volume_decimals),
        turnover=float(millions) * 1e6,
        beta=float(beta),
        own_volatility=float(own),
    )


COINS: tuple[Coin, ...] = tuple(_coin(line) for line in _TABLE.strip().splitlines())
