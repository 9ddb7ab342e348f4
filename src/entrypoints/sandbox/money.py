"""Currencies as Stripe knows them: which exist, how many decimals they have, the least that can be charged, how it is written."""

CURRENCIES = tuple(
    "usd aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bhd bif bmd bnd bob brl bsd bwp byn bzd cad cdf chf clp cny "
    "cop crc cve czk djf dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gnf gtq gyd hkd hnl htg huf idr ils inr isk jmd jod "
    "jpy kes kgs khr kmf krw kwd kyd kzt lak lbp lkr lrd lsl mad mdl mga mkd mmk mnt mop mur mvr mwk mxn myr mzn nad ngn nio "
    "nok npr nzd omr pab pen pgk php pkr pln pyg qar ron rsd rub rwf sar sbd scr sek sgd shp sle sos srd std szl thb tjs tnd "
    "top try ttd twd tzs uah ugx uyu uzs vnd vuv wst xaf xcd xcg xof xpf yer zar zmw".split()
)

ZERO_DECIMAL = frozenset("bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf".split())
THREE_DECIMAL = frozenset("bhd jod kwd omr tnd".split())

LEAST_MINOR = {
    "usd": 50, "eur": 50, "gbp": 30, "aed": 200, "cad": 50, "aud": 50, "chf": 50, "hkd": 400, "jpy": 50, "mxn": 1000,
    "sek": 300, "nok": 300, "dkk": 250, "pln": 200, "czk": 1500, "huf": 17500, "ron": 200, "inr": 50,
    "mad": 500,
}  # fmt: skip
"""The least total in minor units. MAD stands for the 0.50 USD that Stripe finds by converting."""

MOST_MINOR = 99_999_999

_SIGNS = {"usd": "$", "eur": "\u20ac", "gbp": "\u00a3", "jpy": "\u00a5", "hkd": "$", "cad": "$", "aud": "$", "mxn": "$"}


def decimals(currency: str) -> int:
    """How many digits stand behind the point in amounts of this currency."""
    if currency in ZERO_DECIMAL:
        return 0
    return 3 if currency in THREE_DECIMAL else 2


def written(amount_minor: int, currency: str) -> str:
    """An amount for people: 30000 minor units of mad are "300.00 MAD", 123456 of jpy "123,456 JPY"."""
    return f"{_digits(amount_minor, currency)} {currency.upper()}"


def written_in_errors(amount_minor: int, currency: str) -> str:
    """An amount in the style of Stripe's error texts: "$0.50 usd", "175.00 Ft huf"."""
    digits = _digits(amount_minor, currency)
    if currency == "huf":
        return f"{digits} Ft huf"
    return f"{_SIGNS.get(currency, '')}{digits} {currency}"


def written_in_refusals(amount_minor: int, currency: str) -> str:
    """An amount in the style of Stripe's refusals to refund: "$40.00", and "MAD300.00" where there is no sign."""
    return f"{_SIGNS.get(currency, currency.upper())}{_digits(amount_minor, currency)}"


def _digits(amount_minor: int, currency: str) -> str:
    places = decimals(currency)
    whole, rest = divmod(amount_minor, 10**places)
    return f"{whole:,}" + (f".{rest:0{places}d}" if places else "")
