"""In production nothing is guessed: what is missing or meant for tests stops the start."""

from pathlib import Path

import pytest

from entrypoints.settings import ConfigurationError, read_settings

GOOD = {
    "APP_ENV": "production",
    "APP_URL": "https://pay.example.org",
    "DATABASE_URL": "postgresql://payments:word@db.example.org/payments",
    "STRIPE_SECRET_KEY": "sk_live_0123456789",
    "STRIPE_WEBHOOK_SECRET": "whsec_0123456789",
    "RESEND_API_KEY": "re_0123456789",
    "EMAIL_FROM": "Talents Acting <billing@example.org>",
    "AUTH_JWT_SECRET": "a-signing-secret-of-the-platform-0123",
}
PEM = "-----BEGIN PUBLIC KEY-----\\nMCow\\n-----END PUBLIC KEY-----"


def faults_of(environment: dict[str, str]) -> dict[str, str]:
    """The mends by the names of the variables."""
    with pytest.raises(ConfigurationError) as caught:
        read_settings(environment, Path("not-to-be-made"))
    return dict(fault.split(": ", 1) for fault in caught.value.faults)


def test_a_complete_configuration_is_taken_and_makes_nothing_on_the_disk(tmp_path: Path) -> None:
    settings = read_settings(GOOD, tmp_path / "local")

    assert (True, True, True) == (settings.production, settings.live, settings.log_json)
    assert (None, False) == (settings.stripe_api_base, settings.uses_sandbox)
    assert not (tmp_path / "local").exists()


@pytest.mark.parametrize("name", sorted(set(GOOD) - {"APP_ENV"}))
def test_what_is_missing_is_refused_by_name(name: str) -> None:
    without = {variable: value for variable, value in GOOD.items() if variable != name}
    faults = faults_of(without)

    assert [name] == list(faults)
    assert "is needed" in faults[name]
    assert "set it to" in faults[name]


def test_everything_that_is_missing_is_told_at_once() -> None:
    assert set(GOOD) - {"APP_ENV"} == set(faults_of({"APP_ENV": "production"}))


@pytest.mark.parametrize(
    ("name", "value", "mend"),
    [
        ("APP_URL", "http://pay.example.org", "must be https in production"),
        ("STRIPE_SECRET_KEY", "sk_test_0123456789", "is a test key: production needs the live one"),
        ("STRIPE_SECRET_KEY", "rk_test_0123456789", "is a test key"),
        ("STRIPE_API_BASE", "https://sandbox.example.org", "leave it out in production"),
        ("AUTH_JWT_SECRET", "short", "is too short"),
        ("AUTH_JWT_PUBLIC_KEY", PEM, "must be RS256, ES256 or EdDSA"),
        ("AUTH_JWKS_URL", "https://platform.example.org/keys", "must be RS256, ES256 or EdDSA"),
    ],
)
def test_what_belongs_to_tests_or_does_not_fit_is_refused(name: str, value: str, mend: str) -> None:
    faults = faults_of(GOOD | {name: value})
    (told,) = faults.values()

    assert mend in told


def test_the_front_ends_name_of_the_base_url_must_be_https_as_well() -> None:
    without = {name: value for name, value in GOOD.items() if name != "APP_URL"}
    faults = faults_of(without | {"NEXT_PUBLIC_APP_URL": "http://pay.example.org"})

    assert {"NEXT_PUBLIC_APP_URL": "must be https in production: members give money there"} == faults


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA"])
def test_a_public_algorithm_needs_one_source_of_its_key(algorithm: str, tmp_path: Path) -> None:
    asymmetric = GOOD | {"AUTH_JWT_ALGORITHM": algorithm}
    both = {"AUTH_JWT_PUBLIC_KEY": PEM, "AUTH_JWKS_URL": "https://platform.example.org/keys"}
    one = read_settings(asymmetric | {"AUTH_JWT_PUBLIC_KEY": PEM}, tmp_path)

    assert ["AUTH_JWT_PUBLIC_KEY"] == list(faults_of(asymmetric))
    assert ["AUTH_JWT_PUBLIC_KEY"] == list(faults_of(asymmetric | both))
    assert PEM.replace("\\n", "\n") == one.tokens.public_key


def test_no_fault_repeats_what_was_configured() -> None:
    canary = "kept-canary-4711"
    wrong = {
        "APP_ENV": "production",
        "APP_URL": f"http://user:{canary}@pay.example.org",
        "DATABASE_URL": f"mysql://user:{canary}@host/base",
        "STRIPE_SECRET_KEY": f"sk_test_{canary}",
        "STRIPE_WEBHOOK_SECRET": canary,
        "AUTH_JWT_SECRET": canary,
        "EMAIL_FROM": canary,
    }
    with pytest.raises(ConfigurationError) as caught:
        read_settings(wrong, Path("not-to-be-made"))

    assert canary not in str(caught.value)
    assert {"APP_URL", *wrong} - {"APP_ENV"} | {"RESEND_API_KEY"} == {
        fault.split(":")[0] for fault in caught.value.faults
    }
