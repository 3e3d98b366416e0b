"""Labels that references have of themselves are drawn, whatever their monitor element is called."""

from __future__ import annotations

from urllib.parse import parse_qs, quote, urlsplit

import pytest
from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict

from app.gui.references import Reference, drawable_label
from app.gui.samples import SampleKey
from render.options import Options
from tests.gui.pages.pages import ZERO_BIAS, read
from tests.gui.pages.test_compare import FOLDER, PLOT, images

PAGE = SampleKey(367129, 0, ZERO_BIAS)


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("x" * 190, f"Run 366727, {'x' * 188}"),  # a label has at most 200 characters
        ("no\u00a0break", "Run 366727, no break"),
        ("soft\u00adhyphen", "Run 366727, softhyphen"),
        ("two\nlines", "Run 366727, two lines"),
        ("bell\x07", "Run 366727, bell"),
    ],
)
def test_a_plot_is_drawn_with_a_reference_of_any_name(client: FlaskClient, name: str, label: str) -> None:
    page = read(client, f"{PLOT}&ref={quote(f'366727//F/{name}', safe='')}")
    [image] = images(page)
    assert parse_qs(urlsplit(image).query)["reflabel"] == [label]
    assert client.get(image).status_code == 200
    assert label in page, "the legend has the label of the plot"


def test_each_tile_of_a_folder_is_drawn_with_a_reference_of_any_name(client: FlaskClient) -> None:
    page = read(client, f"{FOLDER}?ref=//F/no%C2%A0break")
    assert client.get(images(page)[0]).status_code == 200


def test_a_dataset_as_a_label_may_be_of_any_length() -> None:
    reference = Reference(366727, dataset=f"/{'a' * 100}/{'b' * 100}/DQMIO")
    label = reference.shown_label(PAGE)
    assert label == f"Run 366727, /{'a' * 100}/{'b' * 86}"
    assert Options.from_query(MultiDict([("reflabel", label)])).reflabels == (label,)


def test_a_name_of_blanks_alone_is_no_label() -> None:
    assert Reference(path=b"F/\n\n").shown_label(PAGE) == "Run 367129"
    assert drawable_label(" \u00a0 ") == ""
