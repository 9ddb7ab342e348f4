"""Running simulated worlds, and telling what they have shown."""

import time
from typing import TYPE_CHECKING

import click
import msgspec

from entrypoints.cli.stopping import ending_when_told

if TYPE_CHECKING:
    from entrypoints.simulation.course import Outcome
    from entrypoints.simulation.many import Figures

PROGRESS_SECONDS = 5.0


class BrokenRule(msgspec.Struct, frozen=True, kw_only=True):
    """A world in which a rule was broken. `members_max`, `faults` and `story` are those of the smallest one that still shows it."""

    seed: int
    rule: str
    what: str
    members_max: int
    faults: list[str]
    story: list[str]
    again: str

    def as_lines(self) -> str:
        """For people: the story first, as it is long."""
        told = [
            *self.story,
            f"\nSeed {self.seed} breaks a rule. {self.rule}:\n  {self.what}",
            f"In the smallest world that does: at most {self.members_max} members, "
            f"faults: {', '.join(self.faults) or 'none'}.",
            f"Again: {self.again}",
        ]
        return "\n".join(told)


@click.command()
@click.option(
    "--seeds",
    type=click.IntRange(1),
    default=500,
    show_default=True,
    help="How many worlds; with `--mutants` at most so many for each bug.",
)
@click.option(
    "--seed", "first", type=click.IntRange(0), default=None, help="The first world's seed; alone: only that world."
)
@click.option("--mutant", default=None, help="Plant a bug into our code; `--mutants` lists them.")
@click.option("--mutants", is_flag=True, help="Plant every bug in turn, and show how many worlds it takes to find it.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
@click.pass_context
def simulate(
    context: click.Context, seeds: int, first: int | None, mutant: str | None, mutants: bool, as_json: bool
) -> None:
    """Run the service in simulated worlds of faults, and check what must be true after every commit.

    The same seed is the same world each time. A violation is told with its story and the smallest world that still shows it.
    Exit code 1 when a rule was broken (with `--mutant`: when none was) or a bug was not found, or when 500 worlds or more never showed
    some fault or move; 130 when told to stop (Ctrl-C).

    \b
    Example: payments simulate --seeds 2000
             payments simulate --seed 4711
             payments simulate --mutants --seeds 100
    """
    from entrypoints.simulation.mutants import MUTANTS

    if mutant is not None and mutant not in MUTANTS:
        raise click.BadParameter(f"one of: {', '.join(sorted(MUTANTS))}", param_hint="--mutant")
    if mutant is not None and mutants:
        raise click.UsageError("Say either --mutant, for one planted bug, or --mutants, for all of them.")
    start = first or 0
    if mutants:
        with ending_when_told("not every bug was planted."):
            raise SystemExit(_find_all(range(start, start + seeds), as_json=as_json))
    alone = first is not None and context.get_parameter_source("seeds") is click.core.ParameterSource.DEFAULT
    with ending_when_told("not every world has come to its end."):
        raise SystemExit(_run(range(start, start + (1 if alone else seeds)), mutant, as_json=as_json))


def _run(seeds: range, mutant: str | None, *, as_json: bool) -> int:
    from entrypoints.simulation.many import SEEDS_FOR_COVERAGE, Figures, outcomes

    figures, began, told = Figures(), time.monotonic(), time.monotonic()
    broken: BrokenRule | None = None
    for outcome in outcomes(seeds, mutant=mutant):
        figures.add(outcome)
        if outcome.violated is not None:
            broken = _broken(outcome, mutant)
            break
        if time.monotonic() - told > PROGRESS_SECONDS:
            told = time.monotonic()
            click.echo(f"{figures.seeds} of {len(seeds)} worlds, {figures.years:.0f} years", err=True)
    seconds = time.monotonic() - began
    never = figures.never_occurred if broken is None and len(seeds) >= SEEDS_FOR_COVERAGE else []
    if as_json:
        click.echo(_as_json(figures, never, seconds, broken))
    else:
        click.echo(broken.as_lines() if broken is not None else _as_lines(figures, never, seconds))
    if mutant is not None and broken is None:
        click.echo(f"Not found: {mutant}", err=as_json)
    as_wanted = (broken is not None) is (mutant is not None)
    return 0 if as_wanted and not never else 1


def _broken(outcome: "Outcome", mutant: str | None) -> BrokenRule:
    from entrypoints.simulation.shrink import shrink

    smallest = shrink(outcome, mutant=mutant)
    rule, what = smallest.outcome.violated or ("", "")
    planted = f" --mutant {mutant}" if mutant else ""
    return BrokenRule(
        seed=outcome.seed,
        rule=rule,
        what=what,
        members_max=smallest.variation.members_max,
        faults=sorted(smallest.outcome.faults),
        story=list(smallest.outcome.story),
        again=f"payments simulate --seed {outcome.seed}{planted}",
    )


def _find_all(seeds: range, *, as_json: bool) -> int:
    from entrypoints.simulation.many import seeds_to_find
    from entrypoints.simulation.mutants import MUTANTS

    needed: dict[str, int | None] = {}
    for name, mutant in MUTANTS.items():
        found = seeds_to_find(name, first=seeds.start, at_most=len(seeds))
        needed[name] = found[0] if found is not None else None
        if not as_json:
            rule = found[1].violated[0] if found is not None and found[1].violated is not None else "NOT FOUND"
            click.echo(f"{name:32} {needed[name] or '-':>4}  {rule}\n{'':38} {mutant.breaks}")
    if as_json:
        click.echo(msgspec.json.encode(needed).decode())
    return 1 if None in needed.values() else 0


def _as_json(figures: "Figures", never: list[str], seconds: float, broken: BrokenRule | None) -> str:
    """The figures for programs and for the page on reliability."""
    document = msgspec.to_builtins(figures) | {
        "seconds": round(seconds, 1),
        "seeds_per_second": round(figures.seeds / seconds, 1),
        "faults_survived": sum(figures.faults.values()),
        "never_occurred": never,
        "broken": broken,
    }
    return msgspec.json.format(msgspec.json.encode(document)).decode()


def _as_lines(figures: "Figures", never: list[str], seconds: float) -> str:
    """The figures for people."""
    lines = [f"{count:9} x {name}" for name, count in (figures.faults | figures.moves).items()]
    lines.append(
        f"{figures.seeds} worlds, {figures.years:.1f} simulated years, {figures.payments} payments, "
        f"{figures.checks} commits looked at, {sum(figures.faults.values())} faults survived, 0 violations; "
        f"{figures.seeds / seconds:.1f} worlds a second"
    )
    if never:
        lines.append(f"Never occurred: {', '.join(never)}")
    return "\n".join(lines)
