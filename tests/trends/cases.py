"""The cases of the metrics: an expression and the histograms that it reads."""

from __future__ import annotations

from typing import NamedTuple


class Case(NamedTuple):
    """A metric and the names of its histograms, of `histograms.py`; an empty name stands for none."""

    metric: str
    main: str
    histo1: str = ""
    histo2: str = ""
    reference: str = ""

    @property
    def name(self) -> str:
        """A name for people, unique among the cases."""
        return " ".join((self.metric, *filter(None, self[1:])))


def of(metrics: str, mains: str, histo1: str = "", histo2: str = "", reference: str = "") -> list[Case]:
    """A case of each metric (separated by `;`) with each main histogram (separated by blanks)."""
    return [Case(metric.strip(), main, histo1, histo2, reference) for metric in metrics.split(";") for main in mains.split()]


ONE_DIMENSION = (
    "gauss_F gauss_D gauss_S gauss_I weighted weighted_without_squares variable contents contents_without_entries empty one_bin "
    "negative negative_weights ranged ranged_with_flow nan infinite flow_in_sums flow_in_contents sums_without_squares "
    "labels labels_by_name labels_by_name_full labels_ranged buffered_TH1F"
)
MAPS = (
    "map_F map_D map_I map_weighted map_contents map_negative map_nan map_empty map_ranged_X map_ranged_Y map_variable map_labels "
    "map_below_0 map_flow_in_contents buffered_TH2D"
)
CUBES = "cube cube_contents cube_weighted"
PROFILES = (
    "profile_mean profile_spread profile_integer profile_weights profile_mean_whole profile_spread_whole profile_integer_whole "
    "profile_weights_whole profile_weighted profile_ranged profile_flow_ranged profile_empty labels_profile buffered_TProfile"
)
PROFILE_MAPS = "profile2_mean profile2_spread profile2_integer profile2_weights profile2_weighted profile2_ranged buffered_TProfile2D"
EVERYTHING = " ".join((ONE_DIMENSION, MAPS, CUBES, PROFILES, PROFILE_MAPS))
SOME = "gauss_F weighted negative nan infinite ranged empty map_F map_negative cube_contents profile_mean profile2_mean buffered_TH1F"
TURN_ONS = (
    "turn_on turn_on_variable turn_on_saturated turn_on_step turn_on_steep turn_on_uncertain turn_on_at_0 turn_on_through_0 "
    "turn_on_never turn_on_without_errors turn_on_profile efficiency_phi empty negative map_F"
)

MOMENTS = [
    *of("basic.Mean(); basic.StdDev()", EVERYTHING),
    *of("basic.MeanRMS(); basic.RMSXAxis(); basic.MeanEntries()", SOME),
    *of("basic.MeanYAxis(); basic.RMSYAxis()", f"gauss_F {MAPS} {CUBES} profile_mean profile_weighted profile_ranged {PROFILE_MAPS}"),
    *of("basic.MeanZAxis()", f"gauss_F map_F {CUBES} profile_mean {PROFILE_MAPS}"),
    *of("basic.Count(); basic.MeanY()", f"{SOME} labels_by_name map_ranged_X cube"),
    *of("basic.MaxBin(); basic.MaxExcursion()", f"{EVERYTHING} limited"),
]
BINS = [
    *of("basic.BinCount(2); basic.BinCount(0, True); basic.BinCount(-3); basic.BinCount(9999)", SOME),
    *of(
        "basic.BinCount('second'); basic.BinCount('nowhere'); basic.BinCount(name='one', noError=True)",
        "labels labels_missing labels_numeric labels_by_name labels_by_name_full gauss_F profile_mean map_labels",
    ),
    *of("basic.ROCfraction(3, 1856); basic.ROCfraction('second', 90.5, True); basic.ROCfraction(1, 0)", "labels gauss_F negative"),
    *of(
        "basic.RecoFraction(3); basic.RecoFraction('second'); basic.RecoFraction('nowhere', noError=True)",
        "labels labels_missing",
        "gauss_F",
    ),
    *of("basic.RecoFraction(2)", "gauss_F", "empty"),
    *of("basic.RecoFraction(2)", "gauss_F"),
    *of("basic.BinsCount(3); basic.BinsCount(-2); basic.BinsCount(startBin=99)", f"{SOME} uniform"),
    *of("basic.EntriesCount(0.2); basic.EntriesCount(-99); basic.EntriesCount(99)", f"{SOME} uniform variable map_below_0"),
    *of("basic.EntriesRate(0); basic.EntriesRate(0.5)", "uniform gauss_F map_F negative", "lumisections"),
    *of("basic.EntriesRate(0)", "uniform", "empty"),
    *of("basic.EntriesRate(0)", "uniform"),
    *of("basic.FractionInBin(20); basic.FractionInBin(0); basic.FractionInBin(3)", "gauss_F negative empty contents_without_entries nan"),
    *of(
        "basic.FractionInBinArray([2, 3, 20], (21, 22)); basic.FractionInBinArray([0], [1]); basic.FractionInBinArray([-1, 999], [20])",
        "gauss_F contents negative empty profile_mean",
    ),
    *of("muon_metrics.NOutsideRange(-1, 1); muon_metrics.NOutsideRange(1, -1)", "gauss_F ranged negative map_F profile_mean nan"),
    *of(
        "basic.Ratio(-0.5, 0.5); basic.Ratio1(-0.5, 0.5); basic.Fraction(-0.5, 0.5); basic.Fraction1(-0.5, 0.5)",
        "gauss_F weighted ranged variable negative empty contents nan map_F cube profile_mean buffered_TH1F",
    ),
    *of(
        "basic.Ratio(-99, 99); basic.Ratio1(-99, 99); basic.Fraction(50, 99); basic.Fraction1(-99, 99); basic.Ratio(9, 2); basic.Ratio1(49, 60)",
        "gauss_F exponential contents",
    ),
]
REFERENCES = (
    "other_gauss gauss_F weighted empty empty_as_gauss negative_as_gauss gauss_in_other_bins ranged ranged_with_flow variable negative "
    "nan other_map profile_mean"
)
COMPARISONS = [
    case
    for reference in REFERENCES.split()
    for case in of("basic.MeanDiff(); basic.Kolmogorov(); basic.Chi2(); basic.NormChi2()", "gauss_F weighted", reference=reference)
] + [
    *of("basic.Kolmogorov(); basic.Chi2(); basic.NormChi2()", "ranged negative negative_as_gauss empty_as_gauss", reference="other_gauss"),
    *of("basic.Kolmogorov(); basic.Chi2()", "map_F map_weighted map_ranged_X profile_mean", reference="other_map"),
    *of("basic.Kolmogorov(); basic.Chi2(); basic.NormChi2()", "profile_spread profile_sparse profile_ranged", reference="profile_mean"),
    *of("basic.Chi2(); basic.NormChi2()", "profile_mean", reference="profile_sparse"),
    *of("basic.Chi2()", "ten_bins", reference="profile_mean"),
    *of("basic.Chi2()", "profile_mean", reference="ten_bins"),
    *of("basic.MeanDiff(); basic.Kolmogorov(); basic.Chi2(); basic.NormChi2()", "gauss_F"),
]
ANY_MAP = f"{MAPS} cube_contents gauss_F negative {PROFILE_MAPS} profile_mean"
IN_MAPS = [
    *of(
        "basic.SummaryMapPartition(2, 4); basic.SummaryMapPartition(1, 0); basic.SummaryMapPartition(99, 50)",
        "map_F map_negative gauss_F profile2_mean cube_contents",
    ),
    *of("basic.AverageYwithXCut(4)", f"{SOME} early exponential squares labels_missing turn_on_never map_empty"),
    *of("basic.Mean2D(); muon_metrics.MeanCh(1); muon_metrics.MeanCh(3); basic.MeanPosOnly()", ANY_MAP),
    *of(
        "basic.MeanYForXBin(2); basic.MeanXRange(1, 4); basic.MeanXRange(4, 4); basic.MeanXRange(-2, 20); basic.MeanYRange(1, 3.5)", ANY_MAP
    ),
    *of(
        "basic.BinRatio2D(2, 3, 4, 2); basic.BinRatio2D(Nxbin=1, Nybin=1, Dxbin=0, Dybin=0)",
        "map_F map_negative map_empty gauss_F profile2_mean cube_contents",
    ),
    *of(
        "basic.BinCount2D(4, 3); basic.BinCount2D(4, 3, False); basic.BinCount2D(40, -3, normErr=False)",
        "map_F map_weighted map_empty gauss_F profile_mean profile2_mean profile2_spread cube_contents",
    ),
    *of(
        "basic.Bin2DRatio(4, 3); basic.Bin2DRatio(4, 3, normEntries=False); basic.Bin2DRatio(1, 1, False)",
        "map_F map_weighted",
        "other_map",
    ),
    *of("basic.Bin2DRatio(4, 3); basic.Bin2DRatio(4, 3, False)", "map_F", "map_empty"),
]
TRACKER = [
    *of("basic.PixelEfficiency()", "valid empty", "missing"),
    *of("basic.PixelEfficiency()", "empty", "empty"),
    *of("basic.PixelEfficiency()", "gauss_F", "negative_weights"),
    *of("basic.PixelEfficiency()", "valid"),
    *of("basic.PixelDigiPerClusterPix()", "digis digis_map", "clusters", "size"),
    *of("basic.PixelDigiPerClusterPix()", "digis digis_map", "clusters_map", "size_map"),
    *of("basic.PixelDigiPerClusterPix()", "digis_profile empty gauss_F", "clusters_profile", "size_profile"),
    *of("basic.ProfileMean()", ANY_MAP + " ladder_map empty profile_empty"),
    *of("; ".join(f"basic.ProfileMeanBPixModules({module})" for module in (1, 2, 3, 4)), "ladder_map digis_map map_empty gauss_F"),
    *of(
        "basic.FED25ErrorFraction(0.5, 1536); basic.FED25ErrorFraction(0.7, 60, False); basic.FED25ErrorFraction(0.01, 3)",
        "dead_chips map_F map_nan gauss_F limited infinite profile2_mean cube_contents map_ranged_X",
    ),
    *of("basic.StripFEDErrorFraction(52, 3); basic.StripFEDErrorFraction(fedId=54, errorType=2)", "map_F map_negative", "gauss_F"),
    *of("basic.StripFEDErrorFraction(52, 3)", "map_F", "empty"),
    *of("basic.StripFEDErrorFraction(52, 3)", "map_F", "limited"),
    *of("basic.StripFEDErrorFraction(52, 3)", "map_F", "infinite"),
    *of(
        "basic.StripBadComponent([1, 2, 4], 3, 540); basic.StripBadComponent((2,), 1, 0); basic.StripBadComponent(binsx=[0, 99], biny=2, norm=8)",
        "map_F map_weighted gauss_F profile2_mean",
    ),
]
FITS = [
    *of("; ".join(f"fits.LandauAroundMax({number}, 0.8, 1.4, 60000)" for number in (0, 1, 2)), "charge"),
    *of("fits.LandauAroundMax(0, 0.8, 1.4, 60000)", "charge_300 charge_weighted negative_peak empty map_F contents_without_entries"),
    *of("fits.LandauAroundMax(0, 0.8, 1.4, 100)", "charge_300"),
    *of("; ".join(f"fits.Landau({number}, 250., 420., (310., 30.))" for number in (0, 1, 2)), "charge_300"),
    *of("fits.Landau(0, 250., 420., (310., 30., 500.))", "charge_300 charge_weighted empty map_F"),
    *of("fits.Landau(0, 420., 250., (310., 30., 500.))", "charge_300"),
    *of(
        "fits.LandauTest(0, 250, 420, 0, 100, 130000, (196., 19., 600.)); fits.LandauTest(1, 0, 9, 250, 420, 0, (310., 30., 600.))",
        "charge_300",
    ),
    *of("; ".join(f"fits.LandauAroundMaxBin({number}, 80)" for number in (0, 1, 2)), "charge_300"),
    *of("fits.LandauAroundMaxBin(1, 15000)", "charge empty"),
    *of("fits.LandauAroundMaxBin(1, 9000)", "variable"),
    *of("; ".join(f"fits.GauLand({number}, 15, 60, (30., 3., 1., 5.))" for number in (0, 1, 2)), "two_peaks"),
    *of("; ".join(f"fits.Gaussian({number}, -2, 2.5, (0.1, 1., 100.))" for number in (0, 1, 2)), "peak"),
    *of("fits.Gaussian(0, -2, 2.5, (0.1, 1., 100.))", "gauss_D weighted empty ranged"),
    *of(
        "fits.FlatLine(0, -3.14159, 3.14159, 0); fits.FlatLine(0, 1.5, 4.5, 1); fits.FlatLine(0, 4.6, 1.4, 1); fits.FlatLine(0, 2.1, 2.2, 0)",
        "wavy squares squares_ranged weighted profile_spread profile_integer profile_weights empty",
    ),
    *of("fits.FlatLine(0, 3, 3, 0); fits.FlatLine(0, 2.7, 3.2, 0); fits.FlatLine(0, -9, -7, 0)", "squares squares_ranged empty"),
    *of("fits.FlatLineXcut(0, -9, 9, 3)", "squares exponential early empty squares_ranged"),
    *of(
        "fits.LanGau(0, 10, 80, 0.1, (2., 25., 3000., 2.)); fits.LanGau(1, 10, 80, 0.1, (2., 25., 3000., 2.))",
        "signal_to_noise signal_to_noise_few",
    ),
]
HCAL = [
    *of("hcal_metrics.RBXMean('HBM01', (1, 2, 3)); hcal_metrics.RBXCountNonZeroChan('HBM01', (1, 2, 3))", "depth_1", "depth_2", "depth_3"),
    *of("hcal_metrics.RBXMean('HBM03', (4, 1, 0)); hcal_metrics.RBXCountNonZeroChan('HBM03', (4, 1, 0))", "depth_4", "depth_1"),
    *of("hcal_metrics.RBXMean('HBP18', (2, 0, 0)); hcal_metrics.RBXCountNonZeroChan(name='HBP18', depth=[2, 0, 0])", "depth_2"),
    *of("hcal_metrics.RBXMean('HO2M04', (4, 0, 0)); hcal_metrics.RBXCountNonZeroChan('HO2M04', (4, 0, 0))", "depth_4 map_empty"),
    *of("hcal_metrics.RBXMean('HBM01', (1, 1, 7)); hcal_metrics.RBXCountNonZeroChan('HBM01', (1, 1, 7))", "depth_1", "depth_5", "depth_6"),
    *of("hcal_metrics.RBXMean('HBX01', (1, 2, 3)); hcal_metrics.RBXCountNonZeroChan('HBX01', (1, 2, 3))", "depth_1"),
    *of("hcal_metrics.RBXMean('HBM01', (1, 2, 0)); hcal_metrics.RBXCountNonZeroChan('HBM01', (1, 2, 0))", "depth_1"),
]
TRIGGER = [
    *of("L1T_metrics.EffMean(); L1T_metrics.TurnOnPlateauEff(); L1T_metrics.TurnOnCurveRange()", TURN_ONS),
    # The spread of equal contents is the noise of a difference.
    *of("L1T_metrics.EffVariance()", TURN_ONS.replace("turn_on_never ", "")),
    *of("L1T_metrics.TurnOnCurveEffPoint(0.5); L1T_metrics.TurnOnCurveEffPoint(0.2); L1T_metrics.TurnOnCurveHalfWidth()", TURN_ONS),
    *of("L1T_metrics.TurnOnCurveEffPoint(-0.1); L1T_metrics.TurnOnCurveEffPoint(1.5); L1T_metrics.TauSavePlots()", "turn_on"),
]
WITHOUT_POINTS = of("basic.NormBinCount(2); basic.NormBinCount('second', norm=3); basic.Quantile(); basic.Quantile(0.9)", "gauss_F labels")

CASES: list[Case] = [*MOMENTS, *BINS, *COMPARISONS, *IN_MAPS, *TRACKER, *FITS, *HCAL, *TRIGGER, *WITHOUT_POINTS]
