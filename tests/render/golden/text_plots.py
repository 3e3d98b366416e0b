"""Golden images of text: scalars, and objects that cannot be drawn."""

from __future__ import annotations

import ROOT

from tests.render.golden.registry import INTEGER, LARGE, REAL, STRING, golden_image

FONT_PIXELS = 16
"""Font size in pixels, at which all texts here fit."""

SPACING = 1.3

# TText paints its title as Latin-1. A pad can paint wide characters, which are passed here as code points.
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
    """Draw a line of text at a position of the pad (0 to 1) and return it. The pad owns it."""
    text = ROOT.TText(x, y, line) if line.isascii() else ROOT.WideText(x, y, [ord(letter) for letter in line])
    ROOT.SetOwnership(text, False)
    text.SetNDC()
    text.SetTextFont(62)
    text.Draw()
    return text


def write(*lines: str, colour: int = ROOT.kBlack) -> None:
    """Draw lines of text in the middle of the canvas."""
    width, height = ROOT.gPad.GetWw(), ROOT.gPad.GetWh()
    for i, line in enumerate(lines):
        from_middle = (len(lines) - 1) / 2 - i
        text = text_at(0.5, 0.5 + from_middle * SPACING * FONT_PIXELS / height, line)
        text.SetTextAlign(22)
        text.SetTextSize(FONT_PIXELS / min(width, height))
        text.SetTextColor(colour)


@golden_image("", flags=INTEGER, text="316142")
def integer() -> None:
    write("316142")


@golden_image("", flags=REAL, text="-2.5e-07", size=LARGE)
def real() -> None:
    write("-2.5e-07")


@golden_image("", flags=STRING, text="CMSSW_13_0_3")
def string() -> None:
    write("CMSSW_13_0_3")


@golden_image("", flags=STRING, text="first\n\nthird line\n", size=LARGE)
def lines() -> None:
    write("first", "", "third line")


@golden_image("", flags=STRING, text="Zürich: 3 µm ± 5 %\nΔη < 0.1 Ω")
def beyond_latin() -> None:
    write("Zürich: 3 µm ± 5 %", "Δη < 0.1 Ω")


@golden_image("", "")
def missing(_: None) -> None:
    write("missing", "is not available now", colour=ROOT.kGray + 2)


@golden_image("", "", size=LARGE)
def missing_with_a_long_name(_: None) -> None:
    write("missing_with..._name", "is not available now", colour=ROOT.kGray + 2)


@golden_image("", flags=STRING)
def missing_string() -> None:
    write("missing_string", "is not available now", colour=ROOT.kGray + 2)


@golden_image("", "TH1F")
def blacklisted(_: ROOT.TH1) -> None:
    write("blacklisted", "is blacklisted", colour=ROOT.kRed + 1)


@golden_image("ref=stacked", "TH2F", "TH2F")
def stack_of_maps(*_: ROOT.TH2) -> None:
    write("Stacking not supported")
