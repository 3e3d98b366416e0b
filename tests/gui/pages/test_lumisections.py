"""Samples of one file: each has its own list and plots."""

from __future__ import annotations

from flask.testing import FlaskClient

from app.gui.demo.make import LUMISECTIONS

SAMPLE = "StreamExpress/Run2023C-Demo-v1/DQMIO"
CHARGE = "PixelPhase1/Tracks/PXBarrel/charge_PXLayer_2"
BAD = 2 * LUMISECTIONS // 3


def image(client: FlaskClient, sample: str) -> bytes:
    answer = client.get(f"/api/v1/render/{sample}/{SAMPLE}/{CHARGE}")
    assert answer.status_code == 200, answer.text
    assert answer.data.startswith(b"\x89PNG")
    return answer.data


def entries(client: FlaskClient, sample: str) -> float:
    answer = client.get(f"/api/v1/json/{sample}/{SAMPLE}/{CHARGE}").json
    return float(answer["fEntries"])


def test_the_run_and_each_of_its_lumisections_have_plots_of_their_own(client: FlaskClient) -> None:
    assert client.get(f"/api/v1/archive/367131/{SAMPLE}").status_code == 200
    samples = ["367131", *(f"367131:{lumi}" for lumi in range(1, LUMISECTIONS + 1))]
    assert len({image(client, sample) for sample in samples}) == len(samples)


def test_the_run_has_the_sum_of_its_lumisections_including_a_bad_one(client: FlaskClient) -> None:
    assert client.get(f"/api/v1/archive/367131/{SAMPLE}").status_code == 200
    of_lumi = {lumi: entries(client, f"367131:{lumi}") for lumi in range(1, LUMISECTIONS + 1)}
    assert entries(client, "367131") == sum(of_lumi.values())
    assert min(of_lumi, key=of_lumi.__getitem__) == BAD
    assert of_lumi[BAD] < 0.1 * of_lumi[BAD + 1]
