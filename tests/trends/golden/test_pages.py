"""A golden JSON is uploaded as a file, as text or by a script, and its page shows its runs."""

from __future__ import annotations

import io
import json
import re
from hashlib import sha256

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.trends.golden.content import MAX_BYTES
from tests.security.conftest import HOME

FILE = b'{"355101": [[7, 7]], "355100": [[60, 70], [1, 50]]}'
HASH = sha256(b'{"355100":[[1,50],[60,70]],"355101":[[7,7]]}').hexdigest()


def post(client: FlaskClient, **form: object) -> TestResponse:
    return client.post("/trends/golden", data=form, headers={"Origin": HOME}, content_type="multipart/form-data")


def post_file(client: FlaskClient, data: bytes) -> TestResponse:
    """As `post`; the client of werkzeug leaves temporary files of large bodies open."""
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="x.json"\r\n\r\n'
    kind = "multipart/form-data; boundary=x"
    return client.post("/trends/golden", data=head + data + b"\r\n--x--\r\n", headers={"Origin": HOME}, content_type=kind)


def test_a_file_leads_to_the_page_of_its_runs(client: FlaskClient) -> None:
    answer = post(client, file=(io.BytesIO(FILE), "Cert_<b>.json"), text="")
    assert answer.status_code == 303
    assert answer.headers["Location"] == f"/trends/golden/{HASH}"
    page = client.get(f"/trends/golden/{HASH[:12]}").text
    assert "Cert_&lt;b&gt;.json" in page
    assert re.findall(r'<th scope="row">(\d+)</th>\s*<td[^>]*>([^<]*)</td>\s*<td[^>]*>(\d+)</td>', page) == [
        ("355100", "1-50, 60-70", "61"),
        ("355101", "7", "1"),
    ]
    assert f"/trends?runs=golden:{HASH}" in page
    assert HASH[:12] in client.get("/trends/golden").text


def test_pasted_text_is_as_good_as_a_file(client: FlaskClient) -> None:
    assert post(client, text=FILE.decode()).headers["Location"].endswith(HASH)


def test_a_wrong_text_stays_in_the_form_with_what_is_wrong(client: FlaskClient) -> None:
    answer = post(client, text='{"355100": [[50, 1]]}')
    assert answer.status_code == 400
    assert "Run 355100, range 1" in answer.text
    assert "expected [1, 50]" in answer.text
    assert "{&#34;355100&#34;: [[50, 1]]}</textarea>" in answer.text
    assert post(client).status_code == 400
    large = post_file(client, b" " * (MAX_BYTES + 1))
    assert (large.status_code, "at most 1,000,000 bytes" in large.text) == (400, True)


def test_a_file_far_above_the_limit_is_told_the_limit(client: FlaskClient) -> None:
    page = post_file(client, b" " * (4 * MAX_BYTES))
    assert (page.status_code, "expected at most 1,000,000 bytes" in page.text, "<textarea" in page.text) == (413, True, True)
    answer = client.post("/api/v1/trends/golden", data=b" " * (4 * MAX_BYTES))
    assert (answer.status_code, answer.json["message"]) == (413, "file: expected at most 1,000,000 bytes")


def test_an_unknown_list_is_not_found_and_says_what_to_do(client: FlaskClient) -> None:
    for digest in ("0" * 64, "short", "g" * 12):
        answer = client.get(f"/trends/golden/{digest}")
        assert answer.status_code == 404
    assert "upload it" in client.get("/trends/golden/" + "0" * 12).text


def test_many_runs_are_shown_page_by_page(client: FlaskClient) -> None:
    location = post(client, text=json.dumps({str(run): [[1, 1]] for run in range(1000, 1450)})).headers["Location"]
    seen = []
    address: str | None = location
    while address:
        page = client.get(address).text
        seen += re.findall(r'<th scope="row">(\d+)</th>', page)
        following = re.search(r'rel="next" href="([^"]*)"', page)
        address = following and following[1]
    assert seen == [str(run) for run in range(1000, 1450)]


def test_scripts_store_and_read_a_list(client: FlaskClient) -> None:
    stored = client.post("/api/v1/trends/golden", data=FILE, headers={"Origin": HOME})
    assert stored.status_code == 201
    found = {"hash": HASH, "runs": 2, "lumisections": 62, "choice": f"golden:{HASH}"}
    assert stored.json == found
    assert client.get(stored.headers["Location"]).json == {**found, "ranges": {"355100": [[1, 50], [60, 70]], "355101": [[7, 7]]}}
    wrong = client.post("/api/v1/trends/golden", data=b'{"x": 1}', headers={"Origin": HOME})
    assert wrong.status_code == 400
    assert wrong.json is not None
    assert wrong.json["errors"][0]["field"] == "run x"


def test_hostile_names_of_runs_are_shown_as_text(client: FlaskClient) -> None:
    for name in ("<script>alert(1)</script>", "\\ud800", "\\u0000", "9" * 5000):
        answer = post(client, text=f'{{"{name}": [[1, 1]]}}')
        assert answer.status_code == 400
        assert "<script>alert" not in answer.text
