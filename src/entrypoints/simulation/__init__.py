"""The service in a world that is simulated from a seed: virtual time, a store and providers that fail, replicas that are killed.

The use cases, the worker and their wiring are the real ones. One seed is one world and one course of events, the same each time.
First faults happen, then nothing more fails; after every commit, and at the end, what must be true is looked at (`invariants`,
`convergence`). `payments simulate` runs many seeds; `mutants` plants bugs, each of which must be found.
"""
