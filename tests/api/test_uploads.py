"""UPLOAD is read as TAP 1.1 says, and what is wrong with it is said."""

from __future__ import annotations

import io

import pytest
from starlette.datastructures import UploadFile
from starlette.requests import Request

from sciplat.api.parameters import Parameters
from sciplat.api.uploads import sent_with as read_uploads
from sciplat.errors import UsageError
from sciplat.services.access import Visitor
from sciplat.services.upload import Sent


def request(
    *uploads: str, files: tuple[str, ...] = (), fields: tuple[tuple[str, str], ...] = ()
) -> Parameters:
    return Parameters(
        [*(("upload", each) for each in uploads), *fields],
        {name: UploadFile(io.BytesIO(name.encode()), filename=name) for name in files},
    )


def sent_with(parameters: Parameters) -> tuple[Sent, ...]:
    asked = Request({"type": "http", "scheme": "http", "server": ("here", 80), "path": "/", "headers": []})
    return read_uploads(asked, parameters, Visitor.anonymous(), None)  # type: ignore[arg-type]


def test_a_request_without_uploads_has_none() -> None:
    assert sent_with(request()) == ()


@pytest.mark.parametrize(
    "uploads", [("a,param:x;b,param:y",), ("a,param:x", "b,param:y"), (" a , param:x ; b,param:y;",)]
)
def test_several_tables_come_in_one_parameter_or_in_several(uploads: tuple[str, ...]) -> None:
    sent = sent_with(request(*uploads, files=("x", "y")))

    assert [(each.name, b"".join(each.chunks)) for each in sent] == [("a", b"x"), ("b", b"y")]


def test_two_tables_may_be_one_part() -> None:
    sent = sent_with(request("a,param:x;b,param:x", files=("x",)))

    assert [b"".join(each.chunks) for each in sent] == [b"x", b"x"]


def test_a_part_without_a_file_name_is_taken_too() -> None:
    sent = sent_with(request("a,param:Table", fields=(("Table", "ra,dec\n1,2\n"),)))

    assert b"".join(sent[0].chunks) == b"ra,dec\n1,2\n"


@pytest.mark.parametrize(
    ("uploads", "files", "message"),
    [
        (("a,param:x",), (), "there is no part 'x' in this request; its files: none"),
        (("a,param:x",), ("y",), "there is no part 'x' in this request; its files: 'y'"),
        (("a,param:x",), ("x", "y"), "The file 'y' belongs to no table"),
        ((), ("y",), "The file 'y' belongs to no table"),
        (("a",), (), "is not understood"),
        (("a,",), (), "is not understood"),
        (("",), (), "is not understood"),
        (("../a,param:x",), ("x",), "'../a' is no name of a table"),
        (("TAP_UPLOAD.a,param:x",), ("x",), "is no name of a table"),
        (("a b,param:x",), ("x",), "is no name of a table"),
        ((f"{'a' * 200},param:x",), ("x",), "is no name of a table"),
        (("select,param:x",), ("x",), "'select' is a reserved word"),
        (("a,/x/y",), (), "'/x/y' is not understood"),
    ],
)
def test_what_is_wrong_is_said(uploads: tuple[str, ...], files: tuple[str, ...], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        sent_with(request(*uploads, files=files))
