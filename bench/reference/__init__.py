"""Programs to compare with: as little as can be done for the same durable rows, and the way tutorials do it."""
