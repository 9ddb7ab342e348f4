"""What operators measure: counters of each process, and counts of what is stored, in the form that Prometheus reads."""

from typing import Final

FOLDER_VARIABLE: Final = "PROMETHEUS_MULTIPROC_DIR"
"""Names the folder in which processes that answer at one port keep their counters together; prometheus_client reads the variable when it
is imported, so nothing that imports it may be imported here."""
