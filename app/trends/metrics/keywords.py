"""The names that the original gives to the arguments of metrics, in their order, where they differ from ours."""

from __future__ import annotations

_FIT = ("diseredParameter", "minVal", "maxVal")

KEYWORDS: dict[str, tuple[str, ...]] = {
    "basic.AverageYwithXCut": ("nbinx",),
    "basic.Bin2DRatio": ("xbin", "ybin", "normEntries"),
    "basic.BinCount": ("name", "noError"),
    "basic.BinCount2D": ("xbin", "ybin", "normErr"),
    "basic.BinRatio2D": ("Nxbin", "Nybin", "Dxbin", "Dybin"),
    "basic.BinsCount": ("startBin",),
    "basic.EntriesCount": ("startValue",),
    "basic.EntriesRate": ("startValue",),
    "basic.FED25ErrorFraction": ("thr", "norm", "normErr"),
    "basic.FractionInBinArray": ("binsnum", "binsden"),
    "basic.MeanXRange": ("xmin", "xmax"),
    "basic.MeanYForXBin": ("xbin",),
    "basic.MeanYRange": ("ymin", "ymax"),
    "basic.NormBinCount": ("name", "norm"),
    "basic.ProfileMeanBPixModules": ("modNum",),
    "basic.Quantile": ("frac",),
    "basic.ROCfraction": ("name", "tot", "noError"),
    "basic.RecoFraction": ("name", "noError"),
    "basic.StripBadComponent": ("binsx", "biny", "norm"),
    "basic.StripFEDErrorFraction": ("fedId", "errorType"),
    "basic.SummaryMapPartition": ("binx", "nbinsy"),
    "fits.FlatLine": (*_FIT, "paramDefault"),
    "fits.FlatLineXcut": (*_FIT, "paramDefault"),
    "fits.GauLand": (*_FIT, "paramDefaults"),
    "fits.Gaussian": (*_FIT, "paramDefaults"),
    "fits.LanGau": (*_FIT, "controlVal", "paramDefaults"),
    "fits.Landau": (*_FIT, "paramDefaults"),
    "fits.LandauAroundMax": ("diseredParameter", "lowFrac", "highFrac", "hLimit"),
    "fits.LandauAroundMaxBin": ("diseredParameter", "width"),
    "fits.LandauTest": ("diseredParameter", "minVal1", "maxVal1", "minVal2", "maxVal2", "turnRun", "paramDefaults"),
    "hcal_metrics.RBXCountNonZeroChan": ("name", "depth"),
    "hcal_metrics.RBXMean": ("name", "depth"),
    "L1T_metrics.TurnOnCurveEffPoint": ("eff_point",),
    "muon_metrics.MeanCh": ("ch",),
}
