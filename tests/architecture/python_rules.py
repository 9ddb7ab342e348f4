"""Rules about Python sources, each a function from sources to what breaks it, so that each can be shown to fail."""

import ast
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

Sources = Mapping[str, str]
"""Texts by the path that names them."""

LINES_OF_FILE_MAX: Final = 300
LINES_OF_FUNCTION_MAX: Final = 70

NOT_IN_THE_CORE: Final = frozenset({"asyncio", "random", "secrets", "socket", "subprocess", "threading", "time", "os"})
"""Modules that read a clock, roll a die or touch the machine."""

READS_THE_WORLD: Final = frozenset({"now", "utcnow", "today", "uuid1", "uuid4", "open", "print", "input"})
"""Calls that do the same; `now` is a port's where it is called on a clock."""

CLOCKS: Final = frozenset({"clock", "_clock"})

SUPPRESSION: Final = re.compile(r"#\s*(?:type:\s*ignore(?:\[[^\]]*\])?|noqa(?::\s*[A-Z]+\d+(?:\s*,\s*[A-Z]+\d+)*)?)")
A_REASON: Final = re.compile(r"\s*[#(:,-]*\s*[A-Za-z]\w*\W+\w+")


def imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Every module that is imported, with the line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.lineno, "." * node.level + (node.module or "")


def imports_beyond(sources: Sources, allowed: Iterable[str]) -> list[str]:
    """Imports of anything but the standard library and the packages that are allowed."""
    known = set(allowed) | sys.stdlib_module_names
    return [
        f"{path}:{line} imports {module}"
        for path, text in sources.items()
        for line, module in imports(ast.parse(text))
        if module.split(".")[0] not in known
    ]


def reads_of_the_world(sources: Sources) -> list[str]:
    """Where a source reads a clock, rolls a die or touches the machine itself instead of asking a port."""
    found = []
    for path, text in sources.items():
        tree = ast.parse(text)
        found += [
            f"{path}:{line} imports {module}"
            for line, module in imports(tree)
            if module.split(".")[0] in NOT_IN_THE_CORE
        ]
        found += [
            f"{path}:{node.lineno} calls {called(node)}"
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and called(node) in READS_THE_WORLD and holder(node) not in CLOCKS
        ]
    return found


def called(node: ast.Call) -> str:
    """The last name of what is called: `now` in `datetime.now()`."""
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""


def holder(node: ast.Call) -> str:
    """The name before the last: `datetime` in `datetime.now()`, `_clock` in `self._clock.now()`."""
    value = node.func.value if isinstance(node.func, ast.Attribute) else None
    if isinstance(value, ast.Attribute):
        return value.attr
    return value.id if isinstance(value, ast.Name) else ""


def too_long(sources: Sources) -> list[str]:
    """Files and functions that are longer than one takes in."""
    found = []
    for path, text in sources.items():
        lines = len(text.splitlines())
        if lines > LINES_OF_FILE_MAX:
            found.append(f"{path} has {lines} lines")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > LINES_OF_FUNCTION_MAX:
                    found.append(f"{path}:{node.lineno} {node.name} has {length} lines")
    return found


def suppressions_without_reason(sources: Sources) -> list[str]:
    """Where a check is switched off and no words beside it say why."""
    return [
        f"{path}:{number}"
        for path, text in sources.items()
        for number, line in enumerate(text.splitlines(), 1)
        if (last := list(SUPPRESSION.finditer(line))) and not A_REASON.match(line[last[-1].end() :])
    ]


def adapters_without_port(sources: Sources, typed_ports: str) -> list[str]:
    """Classes that say of themselves that they are a port's and are not assigned to it for the type checker."""
    assigned = {node.id for node in ast.walk(ast.parse(typed_ports)) if isinstance(node, ast.Name)}
    return [
        f"{path}:{node.lineno} {node.name}"
        for path, text in sources.items()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ClassDef) and is_adapter(node) and node.name not in assigned
    ]


def is_adapter(node: ast.ClassDef) -> bool:
    """Whether a class says that it is a port's."""
    return bool(re.search(r"[Tt]he port [A-Z]|Satisfies [A-Z]", ast.get_docstring(node) or ""))
