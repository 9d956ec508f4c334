"""The scripts in the folders here are run by the tests, not imported by whoever collects these."""

collect_ignore_glob = ["*/*.py"]
