"""Parts of the sanitizer: canonical form, random words, paths."""

from __future__ import annotations

import base64
import secrets

import pytest

from app.publish.sanitize import canonical, paths
from app.publish.sanitize.canonical import Segment
from app.publish.sanitize.entropy import looks_random
from app.publish.sanitize.pseudonyms import Secret
from app.publish.sanitize.rules import Rules


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("%MSG-e Problem: 10 GeV/c <b> & 50% of 3 \t x", "%MSG-e Problem: 10 GeV/c <b> & 50% of 3   x"),
        ("\x1b[1;31mred\x1b[0m \x1b]0;title\x07and \x9b32mgreen", "red and green"),
        ("caf\u00e9 10 \u00b5s \u2018quoted\u2019 \u2013 \u00b11\u00b0 \u2026", "cafe 10 us 'quoted' - +-1 deg ..."),
        ("a\u200bb\u00adc\0d\x07e\ud800f\ufffdg", "abcdefg"),
        (r"\x41\u0042\103\U00000044 %45&#70;&#x47; \/ \" C:\x", 'ABCD EFG / " C:/x'),
        (r"\\\\u0041 %2525252541 &amp;amp;#65;", "A A A"),
        ("\uff48\uff4f\uff53\uff54 \U0001d41a", "host a"),
    ],
)
def test_the_canonical_form_of_a_text(text: str, plain: str) -> None:
    assert canonical.segments(text) == [Segment(plain, False)]


def test_escapes_nested_too_deep_are_not_decoded() -> None:
    assert canonical.segments("%" + "25" * canonical.MAX_DEPTH + "41") is None


def test_escaped_line_ends_split_a_text_and_a_backslash_continues_it() -> None:
    assert canonical.segments(r"a\nb%0Ac" + "\rd\\") == [Segment("a", False), Segment("b", False), Segment("c", False), Segment("d", True)]


def test_a_cut_escape_is_rejoined_only_beside_others() -> None:
    assert canonical.rejoin_escapes([r"\u0061\u00", "62"]) == [r"\u0061", r"\u0062"]
    assert canonical.rejoin_escapes(["load 100%", "20 events"]) == ["load 100%", "20 events"]


@pytest.mark.parametrize(
    "word",
    [
        "hltTrackRefitterForSiStripMonitorTrack",
        "siPixel2DTemplateDBObjectESProducer",
        "HLT_DiPFJetAve260_HFJEC_v18",
        "L1TdeStage2CaloLayer2",
        "L1_TripleMu_5SQ_3SQ_0_DoubleMu_5_3_SQ_OS_Mass_Max9",
        "inputFileTransitionsEachEvent",
        "run358788_ls0001_streamDQMEventDisplay",
        "DQM_V0001_OnlineBeamMonitor_R000358788",
        "pluginDQMServicesStreamerIOPlugins",
        "l1tstage2emulator_dqm_sourceclient-live",
        "_ZN3edm6stream24EDProducerAdaptorBase7doEventERKNS_18EventTransitionInfoE",
        "124X_dataRun3_Express_v5",
        "=" * 60,
        "-" * 40,
    ],
)
def test_names_do_not_look_random(word: str) -> None:
    assert not looks_random(word)


def test_a_text_in_base64_looks_random() -> None:
    assert looks_random(base64.b64encode(b"/nfshome0/jdoe/notes and hunter2").decode())
    assert looks_random(base64.urlsafe_b64encode(b"jdoe:hunter2 at dqmfu").decode().rstrip("="))


def test_nearly_all_tokens_look_random() -> None:
    assert sum(looks_random(secrets.token_urlsafe(48)) for _ in range(1000)) > 950
    assert sum(looks_random(secrets.token_urlsafe(24)) for _ in range(1000)) > 700


@pytest.mark.parametrize(
    ("path", "folder", "end"),
    [
        ("/fff/BU0/ramdisk/run1/run1_ls0001_streamDQM_x.dat", "/fff/BU0/ramdisk", "/run1/run1_ls0001_streamDQM_x.dat"),
        ("/a//b/./CMSSW_12_4_8/src/DQM/x_cfg.py", "/a/b/.", "/CMSSW_12_4_8/src/DQM/x_cfg.py"),
        ("/nfs/CMSSW_12_4_8/src/home/smith/x.cc", "/nfs/CMSSW_12_4_8/src/home/smith", "/x.cc"),
        ("/home/smith/notes", "/home/smith/notes", ""),
        ("/home/smith/", "/home/smith", ""),
        ("/home/smith/.netrc", "/home/smith", "/*"),
        ("/tmp/x509up_u1042", "/tmp", "/*"),
        ("~smith/a b.pdf", "~smith", "/*.pdf"),
    ],
)
def test_the_end_of_a_path_is_kept_if_it_names_software_or_data(path: str, folder: str, end: str) -> None:
    assert paths.is_private(path)
    assert paths.split(path) == (Secret("path", folder), end)


@pytest.mark.parametrize(
    "path", ["/cvmfs/cms.cern.ch/el8_amd64_gcc10/cms/x.so", "/usr/lib64/libc.so.6", "/dev/null", "Hcal/DigiTask/HOP", "./upload/a.root"]
)
def test_a_path_of_software_or_data_is_public(path: str) -> None:
    assert not paths.is_private(path)


def test_a_path_from_a_public_folder_into_another_is_private() -> None:
    assert paths.is_private("/usr/../home/smith/x")


@pytest.mark.parametrize(
    ("path", "users"),
    [
        ("/nfshome0/smith/x", {"smith"}),
        ("/afs/cern.ch/user/s/smith/x", {"smith"}),
        ("/eos/home-s/smith", {"smith"}),
        ("~Smith/x", {"smith"}),
        ("/home/dqm/x", set()),
        ("/data/smith/x", set()),
    ],
)
def test_a_path_names_its_user(path: str, users: set[str]) -> None:
    assert paths.users_of(path) == users


def test_a_known_host_with_a_common_name_is_not_replaced() -> None:
    assert Rules(["server", "abc"]).find("the server of abc") == []
