"""Files and data frames into tables: the one door of DuckDB and Narwhals.

Reading is strict. A file is never repaired: a row that is too short or too long, a stray quote, a
text among numbers or a number in disguise is refused with its file, line or row, and column. In
messages a *line* counts from the file's first, and a *row* from the first after the names. Every
value decides what its column is, not a sample of them.
"""

from thalweg.data.frames.files import files_of, read_table

__all__ = ["files_of", "read_table"]
