"""Names that people use for coins, and the ways in which a keyboard garbles them."""

_NAMES = {
    "BTC": "bitcoin xbt биткоин биткойн битокин битка биток бит бтк бтс",
    "ETH": "ether ethereum эфир эфириум этериум этер эфирка эф етх",
    "SOL": "solana солана сол соль",
    "XRP": "ripple рипл риппл рипл хрп",
    "BNB": "binancecoin бнб бинанскоин",
    "DOGE": "dogecoin доге додж догикоин догекоин дог доги",
    "TON": "toncoin тон тонкоин",
    "ADA": "cardano кардано ада",
    "TRX": "tron трон тркс",
    "AVAX": "avalanche аваланч авакс лавина",
    "LINK": "chainlink чейнлинк линк",
    "DOT": "polkadot полкадот дот",
    "LTC": "litecoin лайткоин лайт лтс",
    "BCH": "bitcoincash биткоинкеш биткоинкэш кеш бкеш",
    "SHIB": "shiba shibainu шиба шибаину шиб",
    "PEPE": "пепе пепа",
    "NEAR": "nearprotocol ниар",
    "UNI": "uniswap юнисвап юни",
    "ATOM": "cosmos космос атом",
    "XLM": "stellar стеллар стелар",
    "ETC": "ethereumclassic эфирклассик етц",
    "APT": "aptos аптос",
    "ARB": "arbitrum арбитрум арб",
    "OP": "optimism оптимизм",
    "SUI": "суи",
    "POL": "polygon matic полигон матик",
    "FIL": "filecoin файлкоин",
    "XMR": "monero монеро",
    "HBAR": "hedera хедера",
    "AAVE": "ааве",
    "TRUMP": "трамп",
    "NOT": "notcoin ноткоин нот",
    "WLD": "worldcoin ворлдкоин",
    "HYPE": "hyperliquid гиперликвид хайп",
    "USDC": "usdcoin юсдс юсдц",
}

COINS: dict[str, str] = {name: base for base, names in _NAMES.items() for name in names.split()}
"""Lower-case name without separators -> ticker of the coin."""

LOOK_ALIKES = str.maketrans("АВЕКМНОРСТХУЅІЈ", "ABEKMHOPCTXYSIJ")
"""Capital Cyrillic letters -> the Latin letters that look the same."""

_RUSSIAN_KEYS = "йцукенгшщзхъфывапролджэячсмитьбю"
_LATIN_KEYS = "qwertyuiop[]asdfghjkl;'zxcvbnm,."

TO_LATIN_KEYS = str.maketrans(_RUSSIAN_KEYS, _LATIN_KEYS)
"""What was meant when Latin text was typed on a Russian layout ("иес" -> "btc")."""

TO_RUSSIAN_KEYS = str.maketrans(_LATIN_KEYS, _RUSSIAN_KEYS)
"""What was meant when Russian text was typed on a Latin layout (",bnjr" -> "биток")."""
