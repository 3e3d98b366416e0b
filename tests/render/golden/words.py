"""Pictures that are words: scalars, and what cannot be drawn."""

from __future__ import annotations

import ROOT

from tests.render.golden.album import INTEGER, LARGE, REAL, STRING, page

LETTERS = 16
"""Pixels; all the words here fit."""

SPACING = 1.3

# ROOT's TText paints its title byte by byte, as Latin-1. A pad does paint wide letters, which come here as numbers.
ROOT.gInterpreter.Declare("""
class WideText : public TText {
  std::wstring letters;

 public:
  WideText(double x, double y, const std::vector<int> &numbers) : TText(x, y, ""), letters(numbers.begin(), numbers.end()) {}
  void Paint(Option_t *) override {
    TAttText::Modify();
    gPad->PaintTextNDC(fX, fY, letters.c_str());
  }
};
""")


def text_at(x: float, y: float, line: str) -> ROOT.TText:
    """A line of text at a place on the pad, of 0 to 1; the pad has it from then on."""
    text = ROOT.TText(x, y, line) if line.isascii() else ROOT.WideText(x, y, [ord(letter) for letter in line])
    ROOT.SetOwnership(text, False)
    text.SetNDC()
    text.SetTextFont(62)
    text.Draw()
    return text


def write(*lines: str, colour: int = ROOT.kBlack) -> None:
    """Lines in the middle of the canvas."""
    width, height = ROOT.gPad.GetWw(), ROOT.gPad.GetWh()
    for i, line in enumerate(lines):
        from_middle = (len(lines) - 1) / 2 - i
        text = text_at(0.5, 0.5 + from_middle * SPACING * LETTERS / height, line)
        text.SetTextAlign(22)
        text.SetTextSize(LETTERS / min(width, height))
        text.SetTextColor(colour)


@page("", flags=INTEGER, text="316142")
def integer() -> None:
    write("316142")


@page("", flags=REAL, text="-2.5e-07", size=LARGE)
def real() -> None:
    write("-2.5e-07")


@page("", flags=STRING, text="CMSSW_13_0_3")
def string() -> None:
    write("CMSSW_13_0_3")


@page("", flags=STRING, text="first\n\nthird line\n", size=LARGE)
def lines() -> None:
    write("first", "", "third line")


@page("", flags=STRING, text="Zürich: 3 µm ± 5 %\nΔη < 0.1 Ω")
def beyond_latin() -> None:
    write("Zürich: 3 µm ± 5 %", "Δη < 0.1 Ω")


@page("", "")
def missing(_: None) -> None:
    write("missing", "is not available now", colour=ROOT.kGray + 2)


@page("", "", size=LARGE)
def missing_with_a_long_name(_: None) -> None:
    write("missing_with..._name", "is not available now", colour=ROOT.kGray + 2)


@page("", flags=STRING)
def missing_string() -> None:
    write("missing_string", "is not available now", colour=ROOT.kGray + 2)


@page("", "TH1F")
def blacklisted(_: ROOT.TH1) -> None:
    write("blacklisted", "is blacklisted", colour=ROOT.kRed + 1)


@page("ref=stacked", "TH2F", "TH2F")
def stack_of_maps(*_: ROOT.TH2) -> None:
    write("Stacking not supported")
