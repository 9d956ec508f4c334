"""Who else watches a run: loggers of other tools, notebooks."""
