"""References: what the plots of a page are compared with.

A reference is written as `[<run>[:<lumi>]][/<primary>/<processed>/<tier>][/<ME path>]`, where an ME path without a dataset
begins with `//`. What it leaves out is that of the page: `366727` is another run of the same dataset, `/A/B/C` another dataset
of the same run, `//Muons/pt` another monitor element (ME) of the same sample.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from app.gui.addresses import run_and_lumi, text
from app.gui.samples import SampleKey
from render.options import MAX_TEXT_LENGTH

MAX_REFERENCES = 9
"""References of a plot; the render service draws ten objects."""

COMPARISONS = ("overlay", "side", "ratiooverlay", "stacked", "difference")
"""How references are shown: over the plot, beside it, over it with ratios below, stacked, subtracted from it."""

FORM = "expected [<run>[:<lumi>]][/<primary>/<processed>/<tier>][/<path>], such as 366727, or //<path> for another plot of this sample"

_REFERENCE = re.compile(rb"\s*(?:(\d{1,9})(?::(\d{1,9}))?)?\s*(?:((?:/[^/]+){3})(?:/(.+))?|//(.+))?", re.DOTALL)


class Reference(NamedTuple):
    """A sample, an ME, or both; what is left out is that of the page."""

    run: int | None = None
    lumi: int = 0  # belongs to `run`
    dataset: str = ""
    path: bytes = b""
    label: str = ""  # in the legend; "" for what differs from the page

    @classmethod
    def parse(cls, value: bytes, label: str = "") -> Reference | None:
        """The reference that is written as `value`, with or without blanks around it; None if it is not in the form above.

        Blanks at the end of a path belong to the path.
        """
        match = _REFERENCE.fullmatch(value)
        if not value.strip() or not match:
            return None
        run, lumi, dataset, path, path_alone = match.groups()
        dataset = dataset if path else (dataset or b"").rstrip()
        return cls(
            None if run is None else int(run), int(lumi or 0), (dataset or b"").decode("utf-8", "replace"), path or path_alone or b"", label
        )

    def written(self) -> bytes:
        """The reverse of `parse`, without the label."""
        run = "" if self.run is None else run_and_lumi(SampleKey(self.run, self.lumi, ""))
        if not self.path:
            return f"{run}{self.dataset}".encode()
        return f"{run}{self.dataset or '/'}/".encode() + self.path

    def key(self, of_page: SampleKey) -> SampleKey:
        """Its sample on a page of this sample."""
        run, lumi = (of_page.run, of_page.lumi) if self.run is None else (self.run, self.lumi)
        return SampleKey(run, lumi, self.dataset or of_page.dataset)

    def me_path(self, of_plot: bytes) -> bytes:
        """Its ME for the plot of this ME."""
        return self.path or of_plot

    def shown_label(self, of_page: SampleKey) -> str:
        """Its label in the legend: the given one, or what differs from the page; the render service draws it."""
        key = self.key(of_page)
        words = [f"Run {run_and_lumi(key)}"] if (key.run, key.lumi) != (of_page.run, of_page.lumi) else []
        words += [key.dataset] if key.dataset != of_page.dataset else []
        words += [text(self.path.rpartition(b"/")[2])] if self.path else []
        return drawable_label(self.label or ", ".join(words)) or f"Run {run_and_lumi(key)}"


def drawable_label(label: str) -> str:
    """A label as the render service accepts it: without its end if it is too long, and without characters that are not printable."""
    letters = (letter if letter.isprintable() else " " * letter.isspace() for letter in label)
    return "".join(letters).strip()[:MAX_TEXT_LENGTH]
