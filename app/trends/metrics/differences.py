"""Where values differ from those of HDQM, or look odd because they do not: said beside each metric in its reference."""

from __future__ import annotations

_LABEL = "As in HDQM, a label that the axis lacks reads the underflow, or 0 where ROOT would add a bin for it."
_UNDERFLOW = "As in HDQM, the underflow counts."
_FIT = "HDQM gives the start value where no bin is filled; here there is no point."
_WHOLE_FIT = _FIT + " Nor is there one with fewer bins than parameters."
_EFFICIENCY = "As in HDQM, a filled bin without error leaves no point; here with the reason."
_NEVER = "Never has a point, as in HDQM, where it always fails."
_OTHER_BINS = "With a reference of other bins HDQM gives any number; here there is no point."
_ZERO = "Where the formula divides by 0 HDQM fails; here there is no point, with the reason."

DIFFERENCES: dict[str, str] = {
    "basic.AverageYwithXCut": f"{_UNDERFLOW} {_ZERO}",
    "basic.BinCount": _LABEL,
    "basic.BinRatio2D": _ZERO,
    "basic.Chi2": _OTHER_BINS,
    "basic.FractionInBin": f"{_LABEL} {_ZERO}",
    "basic.FractionInBinArray": _LABEL,
    "basic.MaxBin": "For a map, HDQM has NaN, which stops the trend; here there is no point.",
    "basic.Mean2D": f"{_UNDERFLOW} The last row and column do not.",
    "basic.MeanPosOnly": "As in HDQM, negative bins add 0, but count.",
    "basic.MeanXRange": "As in HDQM, negative bins add 0, but count.",
    "basic.MeanYForXBin": "As in HDQM, negative bins add 0, but count.",
    "basic.MeanYRange": "HDQM always fails; here it is the mean of the bins of whole rows.",
    "basic.NormBinCount": _NEVER,
    "basic.NormChi2": _OTHER_BINS,
    "basic.PixelDigiPerClusterPix": "As in HDQM, the error comes from the errors of the means of x, also for maps.",
    "basic.Quantile": _NEVER,
    "basic.ROCfraction": _LABEL,
    "basic.RecoFraction": _LABEL,
    "fits.FlatLine": _FIT,
    "fits.FlatLineXcut": _FIT,
    "fits.GauLand": _WHOLE_FIT,
    "fits.Gaussian": _WHOLE_FIT,
    "fits.LanGau": f"HDQM always fails; here it is the fit that was meant. {_WHOLE_FIT}",
    "fits.Landau": _WHOLE_FIT,
    "fits.LandauAroundMax": _WHOLE_FIT,
    "fits.LandauAroundMaxBin": f"In HDQM the order of the parameters depends on what was fitted before; here it is that of ROOT. {_WHOLE_FIT}",
    "fits.LandauTest": f"As in HDQM, which never learns the run, it counts as run 0. {_WHOLE_FIT}",
    "hcal_metrics.RBXMean": "HDQM reads all depths from the first map; here each is read from its own, so that values differ.",
    "L1T_metrics.EffMean": _EFFICIENCY,
    "L1T_metrics.EffVariance": _EFFICIENCY,
    "L1T_metrics.TauSavePlots": "As in HDQM, always 0: the picture is not made.",
    "L1T_metrics.TurnOnCurveEffPoint": "As in HDQM, without a point when the bin below is empty.",
    "L1T_metrics.TurnOnPlateauEff": _EFFICIENCY,
    "muon_metrics.MeanCh": _UNDERFLOW,
}
"""Sentences by the name of a metric. A metric that is not here has the values of HDQM."""
