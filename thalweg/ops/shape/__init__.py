"""Elements rearranged: shapes, axes, parts put together and taken apart."""
