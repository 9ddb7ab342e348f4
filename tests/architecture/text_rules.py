"""Rules about every file of the project, each a function from files to what breaks it, so that each can be shown to fail."""

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final

Files = Mapping[str, bytes]
"""Contents by path."""

BINARY: Final = frozenset({".gif", ".ico", ".jpg", ".pdf", ".png", ".ttf", ".webp", ".woff2"})

TRANSLATIONS: Final = re.compile(r"(^|/)translations/")
"""Catalogues of texts in other scripts, which are read by their translators."""

UNFINISHED: Final = re.compile(rb"\b(?:TO" rb"DO|FIX" rb"ME|X" rb"XX|NotImplemented" rb"Error)\b")

OF_ONE_MACHINE: Final = re.compile(
    rb"(?<![\w.])/(?:home|Users|root|work)/[\w.]"
    rb"|[A-Z]:\\\\Users"
    rb"|--(?:extra-)?index-url[ =]"
    rb"|https?://[^\s/'\"]+/(?:[^\s'\"]*/)?simple/?(?=[\s'\"]|$)"
)
"""Home and working folders, and hosts that packages are fetched from."""


def project_files(root: Path) -> dict[str, bytes]:
    """Everything that is, or would be, part of a commit. Submodules and deleted files are left out."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        check=True,
        capture_output=True,
    )
    names = [name for name in listed.stdout.decode().split("\0") if name]
    return {name: (root / name).read_bytes() for name in names if (root / name).is_file()}


def texts(files: Files) -> dict[str, bytes]:
    """The files that people read."""
    return {path: content for path, content in files.items() if Path(path).suffix not in BINARY}


def not_ascii(files: Files) -> list[str]:
    """Every line of a text with other characters than ASCII."""
    return [
        f"{path}:{number}"
        for path, content in texts(files).items()
        if not TRANSLATIONS.search(path)
        for number, line in enumerate(content.split(b"\n"), 1)
        if not line.isascii()
    ]


def not_ended_by_lf(files: Files) -> list[str]:
    """Texts with carriage returns, or whose last line is not ended."""
    return [
        path for path, content in texts(files).items() if b"\r" in content or (content and not content.endswith(b"\n"))
    ]


def matches(files: Files, pattern: re.Pattern[bytes]) -> list[str]:
    """Every line that a pattern is found in."""
    return [
        f"{path}:{number} {found.group().decode()}"
        for path, content in texts(files).items()
        for number, line in enumerate(content.split(b"\n"), 1)
        if (found := pattern.search(line))
    ]


def unfinished(files: Files) -> list[str]:
    """Where somebody meant to come back."""
    return matches(files, UNFINISHED)


def of_one_machine(files: Files) -> list[str]:
    """Where a file names a place that exists on one machine only."""
    return matches(files, OF_ONE_MACHINE)
