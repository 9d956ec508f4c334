"""Awkward delimited files: each is read exactly, or refused in one sentence that says where."""

import gzip
import math
from dataclasses import dataclass
from pathlib import Path

import pytest

from thalweg.data.frames import read_table
from thalweg.errors import DataError

NAN = math.nan


@dataclass(frozen=True)
class Good:
    """A file that must be read, and what is in it."""

    content: bytes
    columns: dict[str, list[float] | list[str | None]]
    name: str = "file.csv"


@dataclass(frozen=True)
class Bad:
    """A file that must be refused, and what the message must say."""

    content: bytes
    says: tuple[str, ...]
    name: str = "file.csv"


GOOD = {
    "plain": Good(b"a,b\n1,2\n3,4\n", {"a": [1, 3], "b": [2, 4]}),
    "no_final_line_end": Good(b"a,b\n1,2\n3,4", {"a": [1, 3], "b": [2, 4]}),
    "windows_line_ends": Good(b"a,b\r\n1,2\r\n3,4\r\n", {"a": [1, 3], "b": [2, 4]}),
    "old_mac_line_ends": Good(b"a,b\r1,2\r3,4\r", {"a": [1, 3], "b": [2, 4]}),
    "byte_order_mark": Good(b"\xef\xbb\xbfa,b\n1,2\n", {"a": [1], "b": [2]}),
    "semicolons": Good(b"a;b\n1.5;2\n", {"a": [1.5], "b": [2]}),
    "decimal_commas": Good(b"a;b\n1,5;2\n-0,25;1e3\n", {"a": [1.5, -0.25], "b": [2, 1000]}),
    "tabs": Good(b"a\tb\n1\t2\n", {"a": [1], "b": [2]}),
    "tabs_by_name": Good(b"a, b\tc\n1\t2\n", {"a, b": [1], "c": [2]}, "file.tsv"),
    "bars": Good(b"a|b\n1|2\n", {"a": [1], "b": [2]}),
    "one_column": Good(b"a\n1\n2\n", {"a": [1, 2]}),
    "delimiter_in_quoted_name": Good(b'"a;b;c",d\n1,2\n', {"a;b;c": [1], "d": [2]}),
    "line_end_in_quoted_name": Good(b'"a\nb",d\n1,2\n', {"a\nb": [1], "d": [2]}),
    "quotes": Good(b'a,b\n"x, y",1\n"say ""hi""",2\n', {"a": ["x, y", 'say "hi"'], "b": [1, 2]}),
    "quoted_numbers": Good(b'a,b\n"1","2.5"\n', {"a": [1], "b": [2.5]}),
    "line_end_in_value": Good(b'a,b\n"x\ny",1\nz,2\n', {"a": ["x\ny", "z"], "b": [1, 2]}),
    "mark_inside_value": Good(b'a,b\n5" pipe,1\n', {"a": ['5" pipe'], "b": [1]}),
    "spaces_around": Good(b" a , b\n 1 , x \n", {"a": [1], "b": ["x"]}),
    "missing_tokens": Good(
        b"a,b\n1,x\n,\nNA,na\nNaN,NULL\nnull,None\n?,?\n#N/A,<NA>\n.,n/a\n2,y\n",
        {"a": [1, *[NAN] * 7, 2], "b": ["x", *[None] * 7, "y"]},
    ),
    "sentinel_is_a_number": Good(b"a,b\n1,2\n-999,3\n", {"a": [1, -999], "b": [2, 3]}),
    "blank_lines_between": Good(b"a,b\n1,2\n\n3,4\n\n\n", {"a": [1, 3], "b": [2, 4]}),
    "extreme_numbers": Good(
        b"a\n1e308\n-1E-300\n5e-324\n0.1\n123456789012345678\n+7\n.5\n5.\n",
        {"a": [1e308, -1e-300, 5e-324, 0.1, 123456789012345678.0, 7, 0.5, 5]},
    ),
    "infinite_numbers": Good(
        b"a,b\ninf,1\n-Infinity,2\n", {"a": [math.inf, -math.inf], "b": [1, 2]}
    ),
    "number_too_large_is_infinite": Good(b"a,b\n1e400,1\n2,2\n", {"a": [math.inf, 2], "b": [1, 2]}),
    "seventeen_digits": Good(b"a\n0.30000000000000004\n", {"a": [0.30000000000000004]}),
    "few_mixed_levels_are_categories": Good(
        b"n,y\n" + b"0,1\n1,2\n2,3\n3+,4\n" * 5,
        {"n": ["0", "1", "2", "3+"] * 5, "y": [1, 2, 3, 4] * 5},
    ),
    "truth_values": Good(b"a,b\nTrue,1\nFalse,2\n", {"a": ["True", "False"], "b": [1, 2]}),
    "dates_are_texts": Good(
        b"d,y\n2024-01-31,1\n2024-02-29,2\n", {"d": ["2024-01-31", "2024-02-29"], "y": [1, 2]}
    ),
    "markup_in_name": Good(
        b"<script>alert(1)</script>,y\n1,2\n", {"<script>alert(1)</script>": [1], "y": [2]}
    ),
    "names_that_are_sql": Good(
        b'select,"a""b\'; drop"\n1,2\n', {"select": [1], "a\"b'; drop": [2]}
    ),
    "names_differing_in_case": Good(b"a,A\n1,2\n", {"a": [1], "A": [2]}),
    "counted_names": Good(b"0,1,2\n5,6,7\n", {"0": [5], "1": [6], "2": [7]}),
    "unicode": Good("größe,城\n1,北京\n".encode(), {"größe": [1], "城": ["北京"]}),
    "hash_is_no_comment": Good(b"a,b\n#1,2\n", {"a": ["#1"], "b": [2]}),
    "gzipped": Good(gzip.compress(b"a,b\n1,2\n"), {"a": [1], "b": [2]}, "file.csv.gz"),
    "gzipped_tabs": Good(gzip.compress(b"a\tb\n1\t2\n"), {"a": [1], "b": [2]}, "file.tsv.gz"),
    "gzipped_under_another_name": Good(gzip.compress(b"a,b\n1,2\n"), {"a": [1], "b": [2]}),
    "any_suffix": Good(b"a,b\n1,2\n", {"a": [1], "b": [2]}, "file.data"),
    "star_in_file_name": Good(b"a,b\n1,2\n", {"a": [1], "b": [2]}, "f*[1]?.csv"),
    "quote_in_file_name": Good(b"a,b\n1,2\n", {"a": [1], "b": [2]}, "it's.csv"),
    "column_all_missing": Good(b"a,b\n,1\n,2\n", {"a": [NAN, NAN], "b": [1, 2]}),
    "formula_is_text": Good(b"a,b\n=1+2,1\n@x,2\n", {"a": ["=1+2", "@x"], "b": [1, 2]}),
    "wide": Good(
        b",".join(b"x%d" % i for i in range(600)) + b"\n" + b",".join([b"1.5"] * 600) + b"\n",
        {f"x{i}": [1.5] for i in range(600)},
    ),
}

BAD = {
    "empty": Bad(b"", ("is empty",)),
    "only_line_ends": Bad(b"\n\n\n", ("is empty",)),
    "blank_first_line": Bad(b"\na,b\n1,2\n", ("first line is blank",)),
    "names_only": Bad(b"a,b\n", ("has no rows",)),
    "names_only_without_line_end": Bad(b"a,b", ("has no rows",)),
    "short_row": Bad(b"a,b,c\n1,2,3\n4\n5,6,7\n", ("line 3", "1 value for 3 columns", "'b'")),
    "long_row": Bad(b"a,b\n1,2\n3,4,5\n", ("line 3", "3 values for 2 columns", "'3,4,5'")),
    "first_row_long": Bad(b"a,b\n1,2,3\n4,5,6\n", ("line 2", "3 values for 2 columns")),
    "thousands_split_a_row": Bad(b"a,b\n1,234,5\n", ("line 2", "3 values for 2 columns")),
    "short_last_row": Bad(b"a,b\n1,2\n3", ("line 3", "1 value for 2 columns")),
    "short_row_far_down": Bad(b"a,b\n" + b"1,2\n" * 20_000 + b"3\n", ("line 20002", "'b'")),
    "unclosed_quote": Bad(b'a,b\n1,2\n"3,4\n5,6\n', ("line 3", "'a'", "quotation mark")),
    "text_after_quote": Bad(b'a,b\n"1"x,2\n', ("line 2", "'a'", "quotation mark")),
    "unclosed_quote_in_names": Bad(b'"a,b\n1,2\n', ("line 1", "name the columns")),
    "text_after_quote_in_names": Bad(b'"a"b,c\n1,2\n', ("line 1", "name the columns")),
    "two_names_equal": Bad(b"a,b,a\n1,2,3\n", ("columns 1 and 3", "'a'")),
    "two_names_equal_but_for_spaces": Bad(b"a,b, a\n1,2,3\n", ("columns 1 and 3", "'a'")),
    "nameless_column": Bad(b",a,b\n0,1,2\n1,3,4\n", ("line 1", "column 1 of 3 has no name")),
    "nameless_last_column": Bad(b"a,b,\n1,2,\n", ("line 1", "column 3 of 3 has no name")),
    "no_names": Bad(b"1.5,2.5\n3.5,4.5\n", ("line 1", "'1.5'", "line of names")),
    "latin_1": Bad(b"a,b\n1,2\ncaf\xe9,3\n", ("line 3", "0xE9", "not UTF-8")),
    "latin_1_far_down": Bad(b"a,b\n" + b"x,2\n" * 600_000 + b"\xff,3\n", ("line 600002", "0xFF")),
    "character_cut_at_the_end": Bad("a,b\n1,é".encode()[:-1], ("line 2", "cut off")),
    "utf_16": Bad("a,b\n1,2\n".encode("utf-16"), ("UTF-16",)),
    "utf_16_without_mark": Bad("a,b\n1,2\n".encode("utf-16-le"), ("line 1", "NUL")),
    "nul": Bad(b"a,b\n1,2\n3,\x00\n", ("line 3", "NUL")),
    "picture": Bad(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", ("file.csv",)),
    "truncated_gzip": Bad(gzip.compress(b"a,b\n" + b"1,2\n" * 1000)[:-12], ("gzip",), "f.csv.gz"),
    "damaged_gzip": Bad(b"\x1f\x8b\x08\x00" + b"\xff" * 40, ("gzip",), "f.csv.gz"),
    "gzip_of_nothing": Bad(gzip.compress(b""), ("is empty",), "f.csv.gz"),
    "text_among_numbers": Bad(
        b"a,b\n1.5,2\n2.5,3\nabc,4\n4.5,5\n", ("'a'", "'abc'", "row 3", "3 of")
    ),
    "text_after_many_numbers": Bad(
        b"a,b\n" + b"".join(b"%d.5,1\n" % i for i in range(12_000)) + b"oops,1\n",
        ("'a'", "'oops'", "row 12001", "12000 of its 12001"),
    ),
    "currency": Bad(b"a,b\n$12.50,2\n$3,3\n", ("'a'", "'$12.50'", "row 1")),
    "percent": Bad(b"a,b\n,2\n12 %,3\n", ("'a'", "'12 %'", "row 2")),
    "decimal_commas_in_quotes": Bad(b'a,b\n"1,5",2\n', ("'a'", "'1,5'", "row 1")),
    "points_and_commas": Bad(
        b"a;b\n1.234;2\n1,5;3\n", ("'a'", "comma in '1,5'", "point in '1.234'")
    ),
    "mixed_line_ends": Bad(b"a,b\r\n1,2\n3,4\r\n", ("kind of line end",)),
    "too_many_columns": Bad(
        b",".join(b"x%d" % i for i in range(20_000)) + b"\n1\n", ("20000 columns", "10000")
    ),
    "endless_value": Bad(b"a,b\n1," + b"x" * 5_000_000 + b"\n", ("line 2", "too long")),
    "parquet_in_name_only": Bad(b"PAR1 and nothing else", ("file.parquet",), "file.parquet"),
}


def write(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("case", GOOD.values(), ids=GOOD.keys())
def test_an_awkward_file_is_read_exactly(case: Good, tmp_path: Path) -> None:
    table = read_table(write(tmp_path, case.name, case.content))
    assert table.names == tuple(case.columns)
    for name, expected in case.columns.items():
        column = table[name]
        if column.numeric:
            assert [float(v) for v in column.values] == pytest.approx(expected, rel=0, nan_ok=True)
            assert column.missing.tolist() == [math.isnan(v) for v in expected]
        else:
            assert column.texts() == expected
            assert column.missing.tolist() == [v is None for v in expected]


@pytest.mark.parametrize("case", BAD.values(), ids=BAD.keys())
def test_a_malformed_file_is_refused_saying_where(case: Bad, tmp_path: Path) -> None:
    path = write(tmp_path, case.name, case.content)
    with pytest.raises(DataError) as refusal:
        read_table(path)
    message = str(refusal.value)
    assert case.name in message
    for part in case.says:
        assert part in message
    assert "\n" not in message
    assert len(message) < 400 + len(str(path))
