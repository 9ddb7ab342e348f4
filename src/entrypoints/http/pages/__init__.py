"""The pages on which members pay: rendered on the server, working without scripts."""
