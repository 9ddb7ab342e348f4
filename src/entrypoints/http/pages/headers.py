"""What every page tells the browser about itself: nothing from elsewhere, no frames, no scripts but ours."""

from typing import Final

STRIPE_CHECKOUT: Final = "https://checkout.stripe.com"

SAME_ORIGIN: Final = {
    "default-src": "'none'",
    "style-src": "'self'",
    "script-src": "'self'",
    "img-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'none'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}


def written(policy: dict[str, str]) -> str:
    """A content security policy as its header has it."""
    return "; ".join(f"{name} {value}" for name, value in policy.items())


def document_headers() -> dict[str, str]:
    """The headers of the page that shows the description of the API. Its style sheet, which is not ours, carries its pictures in itself."""
    policy = SAME_ORIGIN | {"img-src": "'self' data:"}
    return {
        "content-security-policy": written(policy),
        "referrer-policy": "same-origin",
        "vary": "accept-language, cookie",
    }


def page_headers(hosted_origin: str) -> dict[str, str]:
    """The headers of a page.

    hosted_origin: where the hosted checkout lies. Chromium holds redirects after a form to `form-action`, so it is named there.
    """
    policy = SAME_ORIGIN | {"form-action": f"'self' {hosted_origin}"}
    return {
        "content-security-policy": written(policy),
        # Not `no-referrer`: under that, browsers hide the origin of our own forms from ourselves.
        "referrer-policy": "same-origin",
        "cross-origin-opener-policy": "same-origin",
        "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
        "vary": "accept-language, cookie",
    }
