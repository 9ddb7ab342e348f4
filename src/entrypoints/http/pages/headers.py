"""What every page tells the browser about itself: nothing from elsewhere, no frames, no scripts but ours."""

from typing import Final

STRIPE_CHECKOUT: Final = "https://checkout.stripe.com"


def page_headers(hosted_origin: str) -> dict[str, str]:
    """The headers of a page.

    hosted_origin: where the hosted checkout lies. Chromium holds redirects after a form to `form-action`, so it is named there.
    """
    policy = {
        "default-src": "'none'",
        "style-src": "'self'",
        "script-src": "'self'",
        "img-src": "'self'",
        "connect-src": "'self'",
        "form-action": f"'self' {hosted_origin}",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    return {
        "content-security-policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        # Not `no-referrer`: under that, browsers hide the origin of our own forms from ourselves.
        "referrer-policy": "same-origin",
        "cross-origin-opener-policy": "same-origin",
        "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
        "vary": "accept-language, cookie",
    }
