"""Bugs planted into our own code at run time, each of which the simulation must find. One that is not found is a hole in its worlds."""

from entrypoints.simulation.mutants import money, repairs, returns, work
from entrypoints.simulation.mutants.kit import MUTANTS, Mutant, planted

__all__ = ["MUTANTS", "Mutant", "money", "planted", "repairs", "returns", "work"]
