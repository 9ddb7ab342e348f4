"""Every file of the project is plain, finished, and at home on any machine."""

import subprocess
from pathlib import Path

import pytest

from architecture.text_rules import (
    not_ascii,
    not_ended_by_lf,
    of_one_machine,
    project_files,
    texts,
    unfinished,
)

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    """The project's files."""
    return project_files(ROOT)


def test_the_project_s_files_are_found(files: dict[str, bytes]) -> None:
    assert {"pyproject.toml", "Makefile", "src/domain/money.py", "tests/architecture/test_texts.py"} <= files.keys()
    assert not any(path.startswith(".venv/") for path in files)


def test_new_files_count_before_they_are_committed_and_ignored_ones_never(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    for name, content in {".gitignore": "local/\n", "new.md": "caf\u00e9\n", "local/secret": "\u00e9"}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content, encoding="utf-8")

    assert {".gitignore", "new.md"} == project_files(tmp_path).keys()
    assert ["new.md:1"] == not_ascii(project_files(tmp_path))


def test_every_text_is_ascii(files: dict[str, bytes]) -> None:
    assert [] == not_ascii(files)


def test_every_line_ends_with_lf(files: dict[str, bytes]) -> None:
    assert [] == not_ended_by_lf(files)


def test_nothing_is_left_unfinished(files: dict[str, bytes]) -> None:
    assert [] == unfinished(files)


def test_no_file_names_a_place_of_one_machine(files: dict[str, bytes]) -> None:
    assert [] == of_one_machine(files)


def test_a_character_beyond_ascii_is_found_with_its_line() -> None:
    assert ["a.md:2"] == not_ascii({"a.md": b"plain\ncaf\xc3\xa9\n", "b.md": b"plain\n"})


def test_pictures_and_translations_may_have_other_bytes() -> None:
    other = b"\xc3\xa9\n"

    assert [] == not_ascii({"logo.png": other, "src/entrypoints/http/translations/ar.toml": other})
    assert ["logo.svg:1"] == not_ascii({"logo.svg": other})


@pytest.mark.parametrize("content", [b"one\r\ntwo\r\n", b"one\rtwo\n", b"no end"])
def test_other_line_ends_are_found(content: bytes) -> None:
    assert ["a.py"] == not_ended_by_lf({"a.py": content})


@pytest.mark.parametrize("content", [b"", b"one\n", b"one\ntwo\n"])
def test_good_line_ends_pass(content: bytes) -> None:
    assert [] == not_ended_by_lf({"a.py": content})


@pytest.mark.parametrize("word", ["TO" + "DO", "FIX" + "ME", "X" * 3, "NotImplemented" + "Error"])
def test_what_is_left_unfinished_is_found(word: str) -> None:
    assert [f"a.py:2 {word}"] == unfinished({"a.py": f"pass\nraise {word}: later\n".encode()})


@pytest.mark.parametrize("text", ["method", "todos los dias", "XXXL", "NotImplemented"])
def test_words_that_only_look_unfinished_pass(text: str) -> None:
    assert [] == unfinished({"a.py": text.encode()})


@pytest.mark.parametrize(
    "text",
    [
        "see " + "/".join(["", "home", "salma", "notes"]),
        "path = '" + "/".join(["", "root", ".cache"]) + "'",
        "cd " + "/".join(["", "work", "main"]),
        "--index" + "-url https://packages.example",
        "--extra-index" + "-url=https://packages.example",
        "url = 'https://packages.example/pypi/" + "simple'",
        "https://packages.example/" + "simple/",
    ],
)
def test_a_place_of_one_machine_is_found(text: str) -> None:
    assert 1 == len(of_one_machine({"a.md": text.encode()}))


@pytest.mark.parametrize(
    "text",
    ["https://example.org/home/page", "--no-emit-index-url", "src/work/main", "a simple/plain text", "/homework"],
)
def test_what_only_looks_like_a_place_of_one_machine_passes(text: str) -> None:
    assert [] == of_one_machine({"a.md": text.encode()})


def test_binary_files_are_not_read_as_texts() -> None:
    assert {"a.svg": b""} == texts({"a.svg": b"", "a.png": b"", "a.woff2": b""})
