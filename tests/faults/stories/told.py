"""All stories."""

from typing import Final

from faults.stories import events, looking, operating, reading, reconciling, returning, starting, working
from faults.stories.kit import Story

MODULES: Final = (starting, events, returning, looking, reconciling, working, operating, reading)
STORIES: Final = [one for module in MODULES for one in vars(module).values() if isinstance(one, Story)]
