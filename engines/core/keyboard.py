"""The ways in which a keyboard with two layouts garbles a name."""

LOOK_ALIKES = str.maketrans("АВЕКМНОРСТХУЅІЈ", "ABEKMHOPCTXYSIJ")
"""Capital Cyrillic letters -> the Latin letters that look the same."""

_RUSSIAN_KEYS = "йцукенгшщзхъфывапролджэячсмитьбю"
_LATIN_KEYS = "qwertyuiop[]asdfghjkl;'zxcvbnm,."

TO_LATIN_KEYS = str.maketrans(_RUSSIAN_KEYS, _LATIN_KEYS)
"""What was meant when Latin text was typed on a Russian layout ("иес" -> "btc")."""

TO_RUSSIAN_KEYS = str.maketrans(_LATIN_KEYS, _RUSSIAN_KEYS)
"""What was meant when Russian text was typed on a Latin layout (",bnjr" -> "биток")."""
