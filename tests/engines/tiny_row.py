"""A plugin of pytest, `-p tests.engines.tiny_row`: the row that registers the tiny engine."""

from thalweg.engines import registry

registry.ENGINES["tiny"] = ("tests.engines.tiny", "TinyEngine")
