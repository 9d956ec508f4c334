"""Odd files, each made by a few lines: what must be read of them, or why they are refused."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import sqlite3
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import feather, ipc

from thalweg.data.reading import ReadOptions

EVERYTHING = ReadOptions()

Values = list[float] | list[str | None]


@dataclass(frozen=True)
class Odd:
    """An odd file.

    Args:
        make: Its bytes, or what writes it.
        columns: What must be read; None if it must be refused.
        says: What the refusal must say.
        name: Its name.
        reading: What of it is asked for.
    """

    make: bytes | Callable[[Path], object]
    columns: Mapping[str, Values] | None = None
    says: tuple[str, ...] = ()
    name: str = "file.csv"
    reading: ReadOptions = EVERYTHING


def read(make: bytes | Callable[[Path], object], name: str = "file.csv", **columns: Values) -> Odd:
    return Odd(make, columns, name=name)


def refuse(make: bytes | Callable[[Path], object], *says: str, name: str = "file.csv") -> Odd:
    return Odd(make, None, says, name)


def zipped(**members: bytes) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, data in members.items():
            archive.writestr(name.replace("_dot_", "."), data)
    return content.getvalue()


def workbook(*rows: list[Any], more: bool = False) -> Callable[[Path], object]:
    def write(path: Path) -> None:
        import openpyxl

        book = openpyxl.Workbook()
        for row in rows:
            book.active.append(row)
        if more:
            book.create_sheet("notes").append(["something"])
        book.save(path)

    return write


def lines(*records: dict[str, Any]) -> bytes:
    return "".join(json.dumps(record) + "\n" for record in records).encode()


def parquet(**columns: object) -> Callable[[Path], object]:
    return lambda path: pq.write_table(pa.table(columns), path)


def arrow_stream(path: Path) -> None:
    table = pa.table({"x": [1.5, 2.5], "s": ["a", None]})
    with ipc.new_stream(str(path), table.schema) as writer:
        writer.write_table(table)


def database(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE t (x)")
    connection.commit()
    connection.close()


def csv(text: str) -> bytes:
    return text.encode()


PLAIN = b"a,b\n1,2\n3,4\n"

TWO = {"a": [1.0, 3.0], "b": [2.0, 4.0]}

THOUSANDS = {
    # the unit of the mark is told from the whole column
    "points_beside_hundreds": read(csv("a;b\n1.250;1\n979;2\n"), a=[1250, 979], b=[1, 2]),
    "points_twice": read(csv("a;b\n1.250.000;1\n979.500;2\n"), a=[1250000, 979500], b=[1, 2]),
    "points_and_decimal_commas": read(csv("a;b\n1.250,5;1\n2,5;2\n"), a=[1250.5, 2.5], b=[1, 2]),
    "points_beside_decimal_commas_elsewhere": read(
        csv("a;b\n1.251;1,5\n2.345;2,25\n"), a=[1251, 2345], b=[1.5, 2.25]
    ),
    "points_twice_elsewhere": read(
        csv("a;b\n1.000;1.000.000\n2.000;3.000.000\n"), a=[1000, 2000], b=[1e6, 3e6]
    ),
    "points_that_are_decimals_elsewhere": read(
        csv("a;b\n1.251;1.5\n2.345;2.25\n"), a=[1.251, 2.345], b=[1.5, 2.25]
    ),
    "decimals_below_one": read(csv("a;b\n1.250;1\n0.979;2\n"), a=[1.25, 0.979], b=[1, 2]),
    "decimals_beside_thousands_without_mark": read(
        csv("a;b\n1.250;1\n1250;2\n"), a=[1.25, 1250], b=[1, 2]
    ),
    "three_decimals_alone": refuse(csv("a;b\n1.251;1\n2.345;2\n"), "1251 or 1.251", "--decimal"),
    "hundreds_without_a_final_zero": refuse(csv("a;b\n1.251;1\n979;2\n"), "1251 or 1.251"),
    "thousands_against_the_other_columns": refuse(
        csv("a;b\n1.250;1.5\n979;2.5\n"), "1250 or 1.250"
    ),
    "stated_point": Odd(
        csv("a;b\n1.251;1\n2.345;2\n"),
        {"a": [1.251, 2.345]}, reading=ReadOptions(only=("a",), decimal="point"),
    ),
    "stated_comma": Odd(
        csv("a;b\n1.251;1\n2.345;2\n"),
        {"a": [1251.0, 2345.0]}, reading=ReadOptions(only=("a",), decimal="comma"),
    ),
    "commas_in_quotes": read(csv('a,b\n"1,250",1\n979,2\n'), a=[1250, 979], b=[1, 2]),
    "commas_and_points": read(csv('a,b\n"1,250.75",1\n9.5,2\n'), a=[1250.75, 9.5], b=[1, 2]),
    "commas_in_tabs": read(csv("a\tb\n1,250\t1\n979\t2\n"), a=[1250, 979], b=[1, 2]),
    "decimal_commas_in_tabs": read(csv("a\tb\n1,25\t1\n979\t2\n"), a=[1.25, 979], b=[1, 2]),
    "apostrophes": read(csv("a;b\n1'250.5;1\n979;2\n"), a=[1250.5, 979], b=[1, 2]),
    "typographic_apostrophes": read(csv("a;b\n1’250;1\n979;2\n"), a=[1250, 979], b=[1, 2]),
    "spaces": read(csv("a;b\n1 250,5;1\n979;2\n"), a=[1250.5, 979], b=[1, 2]),
    "narrow_spaces": read(csv("a,b\n1\u202f250,1\n979,2\n"), a=[1250, 979], b=[1, 2]),
    "groups_of_two": refuse(csv('a,b\n"1,23,456",1\n"2,34,567",2\n'), "'1,23,456'", "plain"),
    "underscores": refuse(csv("a,b\n1_250,1\n2_345,2\n"), "'1_250'", "plain numbers"),
    "minus": read(csv("a,b\n\u22125.5,1\n3,2\n"), a=[-5.5, 3], b=[1, 2]),
    "minus_and_thousands": read(csv("a;b\n\u22121.250;1\n979;2\n"), a=[-1250, 979], b=[1, 2]),
    "dash": refuse(csv("a,b\n\u20135,1\n3,2\n"), "plain numbers"),
    "units": refuse(csv("a,b\n26 kg,1\n31 kg,2\n"), "'26 kg'", "without the unit 'kg'"),
    "units_joined": refuse(csv("a,b\n26cm,1\n31cm,2\n"), "without the unit 'cm'"),
    "dollars": refuse(csv("a,b\n$5,1\n$6.50,2\n"), "'$5'", "plain numbers"),
    "codes_of_currencies": refuse(csv("a,b\n5 CHF,1\n6.50 CHF,2\n"), "plain numbers"),
    "percent": refuse(csv("a,b\n12%,1\n13.5%,2\n"), "'12%'"),
    "units_as_categories": Odd(
        csv("a,b\n26 kg,1\n31 kg,2\n"), {"a": ["26 kg", "31 kg"], "b": [1.0, 2.0]},
        reading=ReadOptions(text=("a",)),
    ),
    "leading_zeros": read(csv("a,b\n01234,1\n98765,2\n"), a=["01234", "98765"], b=[1, 2]),
    "leading_zeros_in_semicolons": read(csv("a;b\n007;1\n12;2\n"), a=["007", "12"], b=[1, 2]),
    "a_zero_before_the_point": read(csv("a,b\n0.5,1\n-0.25,0\n"), a=[0.5, -0.25], b=[1, 0]),
    "exponents_with_zeros": read(csv("a,b\n1e05,1\n2E-03,2\n"), a=[1e5, 2e-3], b=[1, 2]),
}  # fmt: skip

BEFORE_THE_NAMES = {
    "comments": read(b"# made on Monday\n# by hand\n" + PLAIN, **TWO),
    "names_in_a_comment": refuse(b"#a,b\n1,2\n3,4\n", "line 1 begins with #", "2 fields"),
    "a_comment_below": refuse(b"a,b\n1,2\n# note\n3,4\n", "line 3", "delete this comment"),
    "nothing_but_comments": refuse(b"# a\n# b\n", "comments"),
    "separator_stated": read(b"sep=;\na;b\n1,5;2\n3;4\n", a=[1.5, 3], b=[2, 4]),
    "comma_stated": read(b"sep=,\n" + PLAIN, **TWO),
    "odd_separator_stated": refuse(b"sep=^\na^b\n1^2\n", "'^'"),
    "title": refuse(b"Sales of May\na,b\n1,2\n3,4\n", "'Sales of May' alone", "line 2"),
    "title_and_blank": refuse(b"Sales\n\na,b\n1,2\n3,4\n", "from line 3"),
    "spaces_between": refuse(b"a b c\n1 2 3\n4 5 6\n", "3 columns", "separated by spaces"),
}

KINDS = {
    "zip_of_one": read(zipped(data_dot_csv=PLAIN), "file.zip", **TWO),
    "zip_of_two": refuse(zipped(a_dot_csv=PLAIN, b_dot_csv=PLAIN), "2 files", name="file.zip"),
    "zip_of_json": read(zipped(data_dot_json=lines({"x": 1})), "file.zip", x=[1]),
    "damaged_zip": refuse(zipped(a_dot_csv=PLAIN)[:40], "damaged zip", name="file.zip"),
    "zstd": read(pa.compress(PLAIN, "zstd", asbytes=True), "file.csv.zst", **TWO),
    "cut_zstd": refuse(pa.compress(PLAIN * 999, "zstd", asbytes=True)[:-9], "cut short",
                       name="file.csv.zst"),
    "xz": read(lzma.compress(PLAIN), "file.csv.xz", **TWO),
    "bzip2": read(bz2.compress(b"a\tb\n1\t2\n3\t4\n"), "file.tsv.bz2", **TWO),
    "packed_twice": read(gzip.compress(bz2.compress(PLAIN)), **TWO),
    "packed_records": read(gzip.compress(lines({"x": 1.5})), "file.jsonl.gz", x=[1.5]),
    "workbook": read(workbook(["a", "b"], [1, 2], [3.0, 4]), "file.xlsx", **TWO),
    "workbook_in_disguise": read(workbook(["a", "b"], [1, 2], [3, 4]), "file.csv", **TWO),
    "workbook_of_texts": read(
        workbook(["a", "b"], ["01", "x"], ["02", None]), "f.xlsx", a=["01", "02"], b=["x", None]
    ),
    "workbook_of_dates": read(
        workbook(["d", "b"], [datetime(2024, 1, 31), True], [datetime(2024, 2, 1), False]),
        "f.xlsx", d=["2024-01-31", "2024-02-01"], b=["True", "False"],
    ),
    "workbook_of_two_sheets": refuse(workbook(["a"], [1], more=True), "2 sheets", name="f.xlsx"),
    "empty_workbook": refuse(workbook(), "is empty", name="f.xlsx"),
    "old_workbook": refuse(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(99), "old Excel"),
    "sqlite": refuse(database, "SQLite", "sqlite3 -header -csv"),
    "html": refuse(b"\n<!DOCTYPE html><html><p>Log in</p></html>", "HTML"),
    "xml": refuse(b"<?xml version='1.0'?><a/>", "XML"),
    "hdf": refuse(b"\x89HDF\r\n\x1a\n" + bytes(99), "HDF5"),
    "numpy": refuse(b"\x93NUMPY\x01\x00" + bytes(99), "NumPy"),
    "lfs": refuse(b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n", "git lfs pull"),
    "seven_zip": refuse(b"7z\xbc\xaf\x27\x1c" + bytes(99), "7z"),
    "pickle": refuse(b"\x80\x04\x95" + bytes(99), "pickle"),
    "records": read(
        lines({"a": 1, "s": "x", "t": True}, {"a": 2.5, "s": None, "t": False}, {"s": "01"}),
        "file.jsonl", a=[1, 2.5, float("nan")], s=["x", None, "01"], t=["True", "False", None],
    ),
    "texts_of_digits_in_records": read(lines({"z": "12345"}, {"z": "10001"}),
                                       z=["12345", "10001"]),
    "an_array_of_records": read(json.dumps([{"a": 1}, {"a": 2}]).encode(), "f.json", a=[1, 2]),
    "mixed_records": refuse(lines({"a": 1}, {"a": "x"}), "'a'", "texts in some"),
    "nested_records": refuse(lines({"a": [1]}, {"a": [2]}), "'a' holds lists", "--drop a"),
    "nested_records_dropped": Odd(
        lines({"a": [1], "x": 1}), {"x": [1.0]}, reading=ReadOptions(drop=("a",))
    ),
    "cut_records": refuse(b'{"a": 1}\n{"a": \n', "cannot be read"),
    "feather": read(
        lambda path: feather.write_feather(pa.table({"x": [1.5, None], "s": ["a", "b"]}), path),
        x=[1.5, float("nan")], s=["a", "b"],
    ),
    "arrow_stream": read(arrow_stream, "f.arrows", x=[1.5, 2.5], s=["a", None]),
    "damaged_arrow": refuse(b"ARROW1\x00\x00" + bytes(99), "damaged Arrow"),
}  # fmt: skip

MOMENTS = pa.array([datetime(2024, 1, 31, 18, 30), None])

CHOSEN = {
    "unusable_column_dropped": Odd(
        csv('id,a\n"1,5",1\n"2,5",2\n'), {"a": [1.0, 2.0]}, reading=ReadOptions(drop=("id",))
    ),
    "unusable_column_not_chosen": Odd(
        csv("id;a\n1.234;1\n1,5;2\n"), {"a": [1.0, 2.0]}, reading=ReadOptions(only=("a",))
    ),
    "parquet_of_moments": Odd(parquet(t=MOMENTS, x=[1, 2]), None, ("'t' holds dates", "--date t")),
    "parquet_of_records": Odd(parquet(t=[{"x": 1}], x=[1]), None, ("'t' holds STRUCT",)),
    "parquet_by_the_others": Odd(
        parquet(t=MOMENTS, s=[{"x": 1}] * 2, li=[[1]] * 2, x=[1, 2]), {"x": [1.0, 2.0]},
        reading=ReadOptions(drop=("t", "s", "li")),
    ),
    "parquet_moments_as_dates": Odd(
        parquet(t=MOMENTS, d=[date(2024, 1, 31), None]),
        {"t": ["2024-01-31 18:30:00", None], "d": ["2024-01-31", None]},
        reading=ReadOptions(dates=("t", "d")),
    ),
    "numbers_as_categories": Odd(
        parquet(x=[1, 2, None]), {"x": ["1", "2", None]}, reading=ReadOptions(text=("x",))
    ),
    "other_missing": Odd(
        csv("a,b\n-999,x\n2,unknown\n-999.0,y\n"),
        {"a": [float("nan"), 2.0, float("nan")], "b": ["x", None, "y"]},
        reading=ReadOptions(na=("-999", "unknown")),
    ),
    "other_missing_among_numbers": Odd(
        csv("a,b\n1,1\nn.b.,2\n"), {"a": [1.0, float("nan")], "b": [1.0, 2.0]},
        reading=ReadOptions(na=("n.b.",)),
    ),
    "other_missing_in_parquet": Odd(
        parquet(a=[-999, 2]), {"a": [float("nan"), 2.0]}, reading=ReadOptions(na=("-999",))
    ),
    "unknown_column": Odd(PLAIN, None, ("no column 'c'",), reading=ReadOptions(drop=("c",))),
}  # fmt: skip

CASES: dict[str, Odd] = THOUSANDS | BEFORE_THE_NAMES | KINDS | CHOSEN
