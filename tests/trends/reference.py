"""The expected values of all cases, computed by ROOT: `python -m tests.trends.reference FOLDER`.

It runs in a process of its own, since the tests themselves must not load ROOT. It writes `histograms.root`, and `expected.json`:
of each case its value and error, or the reason why there is none.
"""

from __future__ import annotations

import ast
import json
import math
import sys
from pathlib import Path
from types import SimpleNamespace

import ROOT

from tests.trends import formulas_of_curves, formulas_of_maps  # noqa: F401  they register their formulas
from tests.trends.cases import CASES, Case
from tests.trends.formulas import FORMULAS, NoPoint
from tests.trends.histograms import FOLDER, write_histograms

UNUSABLE = ("NoneType", "overloaded methods", "could not convert argument")
"""In the messages about a histogram that is missing, or whose class lacks a method with these arguments."""


def expected(case: Case, folder: ROOT.TDirectory) -> list[float] | str:
    """Value and error of a case, or the name of what was raised; each histogram is read anew, since formulas change some."""
    call = ast.parse(case.metric, mode="eval").body
    arguments = [ast.literal_eval(each) for each in call.args]
    keywords = {each.arg: ast.literal_eval(each.value) for each in call.keywords}
    names = {"main": case.main, "histo1": case.histo1, "histo2": case.histo2, "reference": case.reference}
    histograms = SimpleNamespace(**{role: folder.GetKey(name).ReadObj() if name else None for role, name in names.items()})
    try:
        value, error = FORMULAS[ast.unparse(call.func)](histograms, *arguments, **keywords)
    except (ArithmeticError, ValueError, NoPoint) as failure:
        return type(failure).__name__
    except (TypeError, AttributeError) as failure:
        if not any(reason in str(failure) for reason in UNUSABLE):
            raise  # a mistake in a formula
        return type(failure).__name__
    return [float(value), float(error)] if math.isfinite(value) and math.isfinite(error) else "not finite"


def main() -> None:
    """Write both files."""
    folder = Path(sys.argv[1])
    ROOT.gErrorIgnoreLevel = ROOT.kFatal
    write_histograms(folder / "histograms.root")
    file = ROOT.TFile(str(folder / "histograms.root"))
    answers = {case.name: expected(case, file.Get(FOLDER)) for case in CASES}
    extra = {
        "landau": [[x / 7, ROOT.Math.landau_pdf(x / 7)] for x in [*range(-45, 400), *range(400, 100_000, 997)]],
        "kolmogorov": [[z / 50, ROOT.TMath.KolmogorovProb(z / 50)] for z in range(400)],
    }
    (folder / "expected.json").write_text(json.dumps({"cases": answers, **extra}))


if __name__ == "__main__":
    main()
