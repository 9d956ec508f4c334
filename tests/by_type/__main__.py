"""`python -m tests.by_type`: walk, tell what is wrong, and write the table."""

import sys
from pathlib import Path

from tests.by_type.report import PATH, table, walk

rows = walk()
sys.stdout.writelines(f"{wrong}\n" for row in rows for wrong in row.wrong)
(Path(__file__).parents[2] / PATH).write_text(table(rows), encoding="utf-8")
sys.exit(any(row.wrong for row in rows))
