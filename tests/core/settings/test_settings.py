"""Settings: where a value comes from, and what is refused."""

from __future__ import annotations

import dataclasses
import re
import tomllib
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from app.core.settings import DUMMY_SECRETS, TREE, SettingError, Settings, load, sample, setting_rows, type_of, visible_values
from app.gui.settings import GuiSettings, local_roots, readable_roots
from app.notify.channel_folders import channel_kinds
from app.queue.settings import QueueSettings
from app.security.settings import SecuritySettings

GOOD_KEY = "9f1c6a0b7de24853a1f0c2d4e6b8a7531"

OTHER_TYPE: dict[type, tuple[Any, str]] = {
    bool: ("yes", "true or false"),
    int: (1.5, "a whole number"),
    float: ("1.5", "a number"),
    str: (9_876_543_210, "text"),
    tuple: (9_876_543_210, "a list of texts"),
}
"""A value of another type for each type of settings, and what is allowed."""

WRONG: dict[str, list[tuple[Any, str]]] = {
    "instance_name": [(7, "text")],
    "instance_colour": [("pink", "one of grey, blue, green, orange, red, purple")],
    "data_dir": [(False, "text")],
    "file_roots": [
        ("/data", "a list of texts"),
        ([1], "a list of texts"),
        (["http://host/data"], "an address such as root://host//folder"),
        (["root://user@host//data"], "an address such as root://host//folder"),
        (["root://host//data/../etc"], "an address such as root://host//folder"),
    ],
    "remote_timeout_s": [(0, "a number from 1 to 600")],
    "remote_recheck_s": [(-1, "a number from 0 to 86400")],
    "web_host": [(127, "text")],
    "web_port": [
        (0, "a number from 1 to 65535"),
        (65536, "a number from 1 to 65535"),
        ("8889", "a whole number"),
        (True, "a whole number"),
    ],
    "web_workers": [(0, "a number from 1 to 64"), (2.0, "a whole number")],
    "web_threads": [(65, "a number from 1 to 64")],
    "live_refresh_s": [(0, "a number from 1 to 600")],
    "square_refresh_s": [(0, "a number from 1 to 600")],
    "url_prefix": [("dqm", "a path such as"), ("/dqm/", "without a slash at its end"), ("/a b", "a path such as")],
    "allowed_hosts": [("localhost", "a list of texts")],
    "trusted_proxies": [(["10.1.0.0/16", "proxy"], "a list of networks"), (["10.1.0.1/16"], "a list of networks")],
    "proxy_sign_in": [("on", "one of off, certificate, cmsweb")],
    "proxy_sign_in_networks": [(["0.0.0.0/0"], "a list of networks"), (["proxy.cern.ch"], "a list of networks")],
    "proxy_sign_in_key_file": [(7, "text")],
    "proxy_sign_in_roles": [
        (["dqm-expert"], "a list of value=role"),
        (["=viewer"], "a list of value=role"),
        (["dqm-expert=wizard"], "There is no role wizard"),
        (["dqm=viewer:Pixel"], "Only the role expert can be limited"),
    ],
    "proxy_sign_in_without_role": [("admin", "one of refused, viewer")],
    "secure_cookies": [("true", "true or false"), (1, "true or false")],
    "database_url": [
        ("mysql://host/hub", "postgresql://..."),
        ("/var/hub.db", "postgresql://..."),
        ("postgresql://host:x/hub", "postgresql://..."),
    ],
    "huey_url": [("localhost:6379", "redis://..."), ("redis:6379", "redis://..."), ("http://host", "redis://...")],
    "secret_key": [("short", "at least 32 characters"), ("a" * 64, "at least 32 characters")],
    "live_threads": [(0, "a number from 1 to 64")],
    "worker_processes": [(0, "a number from 1 to 64")],
    "job_lease_s": [(0.5, "a number from 1 to 3600"), ("20", "a number"), (float("nan"), "a number from 1 to 3600")],
    "trend_datasets": [("(", "a regular expression of re2")],
    "trend_rules_s": [(0, "a number from 1 to 86400")],
    "trend_scan_s": [(0, "a number from 1 to 86400")],
    "trend_retry_s": [(0, "a number from 1 to 86400")],
    "trend_follow_s": [(0, "a number from 1 to 600")],
    "trend_request_files": [(0, "a number from 1 to 100000")],
    "trend_requests_per_user": [(0, "a number from 1 to 100"), (1.5, "a whole number")],
    "trend_request_days": [(0, "a number from 1 to 3650")],
    "import_memory_mb": [(1, "a number from 128 to 65536")],
    "import_cpu_s": [(0, "a number from 1 to 3600")],
    "import_slots": [(0, "a number from 1 to 64")],
    "live_snapshots": [(-1, "a number from 0 to 1000")],
    "live_snapshots_mb": [(0, "a number from 1 to 1e+07")],
    "live_snapshots_hours": [(0, "a number from 1 to 8760")],
    "short_link_days": [(0, "a number from 1 to 36500")],
    "list_cache_mb": [(0, "a number from 1 to 65536")],
    "render_workers": [(-1, "a number from 0 to 256")],
    "render_timeout_s": [(float("inf"), "a number from 1 to 600")],
    "render_cpu_s": [(0.0, "a number from 1 to 600")],
    "render_memory_mb": [(100, "a number from 512 to 65536")],
    "render_plugins": [([], "text")],
    "plot_cache_mb": [(0, "a number from 1 to 1e+07")],
    "anonymous_read": [("anyone", "one of nobody, local, loopback, everyone")],
    "wall_networks": [(["0.0.0.0/0"], "none of them the whole internet")],
    "wall_refresh_s": [(0, "from 1 to 60")],
    "register_networks": [(["localhost"], "a list of networks")],
    "sign_on_issuer": [("http://auth.cern.ch", "http:// for this machine only"), ("auth.cern.ch", "https://host/path")],
    "sign_on_scopes": [(["profile"], "a list of scopes with openid"), (["openid profile"], "a list of scopes with openid")],
    "sign_on_roles": [
        (["dqm-experts"], "a list of value=role"),
        (["=admin"], "a list of value=role"),
        (["dqm-experts=chief"], "There is no role chief"),
        (["dqm-pixel=operator:Pixel"], "Only the role expert"),
    ],
    "sign_on_without_role": [("shifter", "one of refused, viewer")],
    "session_hours": [(0, "a number from 0.1 to 720")],
    "session_idle_hours": [(0, "a number from 0.1 to 720")],
    "square_url": [("dqm.cern.ch", "http://..."), ("ftp://host", "https://...")],
    "square_gateway": [(7, "text")],
    "square_addresses": [(["dqmfu-c2b03-45-01"], "a list of host=http"), (["a b=http://h"], "address:port"), (["h=ftp://x"], "http://")],
    "square_port": [(0, "a number from 1 to 65535")],
    "square_production": [(["http://host"], "a list of host names")],
    "square_playback": [(["host:9215"], "a list of host names")],
    "square_certificate": [(1, "text")],
    "square_key": [(1, "text")],
    "square_ca": [(True, "text")],
    "square_cookie": [("changeme", "a secret of your own")],
    "square_published_clients": [("ecal(", "a regular expression of re2")],
    "square_poll_s": [(0, "a number from 0.1 to 10"), (30, "a number from 0.1 to 10")],
    "square_status_s": [(0.5, "a number from 1 to 60"), (300, "a number from 1 to 60")],
    "square_timeout_s": [(0, "a number from 0.1 to 60"), (90, "a number from 0.1 to 60")],
    "square_command_timeout_s": [(0.5, "a number from 1 to 3600")],
    "square_keep_documents_days": [(0, "a number from 1 to 36500")],
    "square_keep_logs_days": [(0, "a number from 1 to 36500")],
    "square_keep_graphs_days": [(1.5, "a whole number")],
    "square_keep_statuses_days": [(0, "a number from 1 to 36500")],
    "publish_mirrors": [
        ("https://mirror", "a list of texts"),
        (["http://mirror.cern.ch"], "http:// for this machine only"),
        (["https://user:word@mirror"], "a list of addresses https://host/path"),
        (["https://mirror/?a=1"], "a list of addresses https://host/path"),
        (["mirror:8084"], "a list of addresses https://host/path"),
    ],
    "publish_folder": [(7, "text")],
    "publish_key": [(7, "text")],
    "publish_ca": [(True, "text")],
    "publish_s": [(0, "a number from 0.2 to 10")],
    "publish_keep_runs": [(0, "a number from 1 to 10000")],
    "publish_log_runs": [(-1, "a number from 0 to 10000")],
    "notify_networks": [(["10.0.0.0/33"], "a list of networks such as"), (["0.0.0.0/0"], "none of them the whole internet")],
    "notify_user_pause_s": [(-1, "a number from 0 to 3600")],
    "alarm_judge_s": [(0, "a number from 0.2 to 600")],
    "alarm_keep_days": [(0, "a number from 1 to 36500")],
    "notify_systems": [(["test"], "a list of production, playback, plots, trends, jobs")],
    "notify_quiet": [
        (["22:00-06:00"], "a list such as"),
        (["sound 22:00-24:00"], "a list such as"),
        (["sound 6-7"], "a list such as"),
        (["sound 06:00-06:00"], "a list such as"),
    ],
    "notify_refresh_s": [(0, "a number from 1 to 600")],
    "notify_ca": [(1, "text")],
    "notify_timeout_s": [(0, "a number from 0.1 to 60")],
    "notify_keep_days": [(0, "a number from 1 to 36500")],
    "public_url": [("dqm.cern.ch", "https://...")],
    "mirror_host": [(8084, "text")],
    "mirror_port": [(0, "a number from 1 to 65535")],
    "mirror_data": [(1, "text")],
    "mirror_keys": [(["abc"], "64 hex digits"), ("ab" * 32, "a list of texts")],
    "mirror_folder": [(True, "text")],
    "mirror_prefix": [("dqm", "a path such as"), ("/dqm/", "without a slash at its end")],
    "mirror_rate": [(-1, "a number from 0 to 1e+06")],
    "mirror_oldest_h": [(0, "a number from 0.1 to 8760")],
    "mirror_burst": [(0, "a number from 1 to 1e+06")],
    "simulator_port": [(0, "a number from 1 to 65535")],
    "backup_dir": [(1, "text")],
    "backup_keep": [(0, "a number from 1 to 1000")],
    "backup_max_age_h": [(0, "a number from 1 to 8760")],
    "runs_oms_url": [
        ("cmsoms.cern.ch/agg/api/v1", "an address https://host/path"),
        ("http://cmsoms.cern.ch/agg/api/v1", "http:// for this machine only"),
        ("http://localhost.cern.ch/api", "http:// for this machine only"),
    ],
    "runs_rr_url": [
        ("ftp://cmsrunregistry.web.cern.ch/api", "an address https://host/path"),
        ("http://10.0.0.1/api", "http:// for this machine only"),
        ("https://cmsrunregistry.web.cern.ch/api?a=1", "an address https://host/path"),
    ],
    "runs_oms_page": [("javascript:alert({run})", "https://...")],
    "runs_rr_page": [("cmsrunregistry.web.cern.ch/{run}", "https://...")],
    "runs_auth_url": [
        ("auth.cern.ch", "an address https://host/path"),
        ("http://auth.cern.ch/auth/realms/cern", "http:// for this machine only"),
        ("http://127.0.0.1@auth.cern.ch/", "http:// for this machine only"),
    ],
    "runs_token_flow": [("basic", "one of api-access, exchange")],
    "runs_timeout_s": [(0, "a number from 0.1 to 300")],
    "runs_period_s": [(0, "a number from 0.2 to 3600")],
    "diary_own_period_s": [(0.1, "a number from 0.2 to 3600"), (float("nan"), "a number from 0.2 to 3600")],
    "diary_refresh_s": [(0.5, "a number from 1 to 600")],
    "diary_lost_cycles": [(0, "a number from 1 to 1000")],
    "diary_lost_s": [(-1.0, "a number from 0 to 2.592e+06")],
    "diary_quarantine_rows": [(0, "a number from 1 to 10000")],
    "diary_keep_days": [(-1, "a number from 0 to 36500")],
    "diary_owners": [(["anna"], "anna=adoe"), (["a b=c"], "anna=adoe"), (["anna=b c"], "anna=adoe")],
    "layout_folders": [(["/"], "not /"), (["https://git.example"], "a list of folders")],
    "layout_folders_s": [(0.5, "a number from 1 to 86400")],
    "diary_log_roots": [(["/data", "//"], "not /"), (["https://logs.example"], "a list of folders")],
    "transfer_missing_lumis": [(0.5, "a number from 1 to 1000")],
    "transfer_silent_s": [(10.0, "a number from 15 to 86400")],
    "transfer_disk_mark": [(1.1, "a number from 0.1 to 1")],
    "transfer_refresh_s": [(0.5, "a number from 1 to 600")],
    "transfer_keep_days": [(0, "a number from 1 to 36500")],
    "runs_batch": [(0, "a number from 1 to 500")],
    "runs_refresh_s": [(0, "a number from 1 to 86400")],
    "runs_ongoing_s": [(0, "a number from 1 to 86400")],
    "runs_oms_days": [(-1, "a number from 0 to 3650")],
    "runs_rr_days": [(-1, "a number from 0 to 3650")],
    "runs_collisions_lumi": [(-0.1, "a number from 0 to 1e+06")],
    "runs_cosmics_s": [(-1, "a number from 0 to 1e+07")],
    "runs_dcs_bits": [(["bpix ready"], "a list of bits such as bpix"), (["dtm+dtp"], "a list of bits such as bpix")],
    "runs_dcs_cosmics": [([], "a list of groups such as dtm+dtp+dt0"), (["dtm+"], "a list of groups such as dtm+dtp+dt0")],
    "runs_simulator_port": [(0, "a number from 1 to 65535")],
    "log_level": [("INFO", "one of debug, info, warning, error")],
    "log_format": [("logfmt", "one of text, json")],
    "problem_url": [("http://host", "empty, mailto:address or https://address")],
}
"""For each setting, values that are refused, and the allowed values in the message; those of channels are in their folders."""

EVENT_KINDS = (
    "a list of all, problems, plot-alarm, plot-alarm-reminder, plot-alarm-recovered, "
    "run-start, run-end, crash, stuck, silent-host, trend-outside, trend-inside"
)

for kind in channel_kinds():
    WRONG[f"notify_{kind}_kinds"] = [(["error"], EVENT_KINDS), (["end"], EVENT_KINDS)]
    if (TREE / "tests/notify/channels" / kind / "refused.py").exists():
        WRONG |= import_module(f"tests.notify.channels.{kind}.refused").REFUSED


def toml(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value).lower() if not isinstance(value, list) else str(value).replace("'", '"')


def main_file(folder: Path, text: str) -> Path:
    path = folder / "hub.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_every_setting_with_a_check_has_values_that_it_refuses() -> None:
    checked = {row.name for row in setting_rows() if row.metadata["check"]}
    missing = sorted(checked - set(WRONG))
    assert missing == [], (
        f"add a value that is refused for each of these to WRONG above (channels: tests/notify/channels/<kind>/refused.py): {missing}"
    )
    assert set(WRONG) <= {row.name for row in setting_rows()}


CASES = [(name, *case) for name, cases in WRONG.items() for case in cases]
OTHER_TYPES = [(row.name, *OTHER_TYPE[type_of(row.name)]) for row in setting_rows()]


@pytest.mark.parametrize(("name", "value", "allowed"), [*CASES, *OTHER_TYPES])
def test_a_wrong_value_is_refused_with_its_name_its_value_and_what_is_allowed(tmp_path: Path, name: str, value: Any, allowed: str) -> None:
    path = main_file(tmp_path, f"{name} = {toml(value)}\n")
    with pytest.raises(SettingError) as refused:
        load(path, {})
    message = str(refused.value)
    secret = {row.name: row for row in setting_rows()}[name].metadata["secret"]
    assert message.startswith(f"{path}: {name} = {'(hidden)' if secret else value!r} cannot be used; allowed: ")
    assert allowed in message
    assert not secret or repr(value) not in message


@pytest.mark.parametrize(
    ("name", "text", "allowed"),
    [
        ("web_port", "http", "a whole number"),
        ("web_port", "", "a whole number"),
        ("secure_cookies", "yes", "true or false"),
        ("job_lease_s", "long", "a number"),
        ("log_level", "trace", "one of debug"),
        ("trusted_proxies", "10.1.0.0/16, proxy", "a list of networks"),
    ],
)
def test_a_wrong_variable_is_refused_with_its_name_its_value_and_what_is_allowed(
    tmp_path: Path, name: str, text: str, allowed: str
) -> None:
    variable = f"DQMHUB_{name.upper()}"
    with pytest.raises(SettingError, match=f"^{variable}: {name} = .* cannot be used; allowed: {allowed}"):
        load(main_file(tmp_path, ""), {variable: text})


def test_the_last_source_with_a_value_wins(tmp_path: Path) -> None:
    main = main_file(tmp_path, 'instance_name = "main"\nweb_port = 9001\nweb_threads = 3\nlog_level = "debug"\n')
    drop_in = tmp_path / "conf.d"
    drop_in.mkdir()
    (drop_in / "20-late.toml").write_text("web_port = 9003\n")
    (drop_in / "10-early.toml").write_text("web_port = 9002\nweb_threads = 4\n")
    (drop_in / "30-other.txt").write_text("not read")
    found = load(None, {"DQMHUB_CONFIG": str(main), "DQMHUB_LOG_LEVEL": "error"})
    assert (found.instance_name, found.web_threads, found.web_port, found.log_level) == ("main", 4, 9003, "error")
    assert found.web_workers == Settings().web_workers


def test_the_command_line_names_the_main_file_before_the_environment(tmp_path: Path) -> None:
    main = main_file(tmp_path, 'instance_name = "command line"')
    assert load(main, {"DQMHUB_CONFIG": "/nowhere.toml"}).instance_name == "command line"


def test_common_variables_are_read_unless_ours_are_set(tmp_path: Path) -> None:
    main = main_file(tmp_path, 'database_url = "postgresql://one/hub"')
    theirs = {"DATABASE_URL": "postgresql://two/hub", "HUEY_URL": "redis://two:6379/0"}
    found = load(main, theirs)
    assert (found.database_url, found.of(QueueSettings).huey_url) == ("postgresql://two/hub", "redis://two:6379/0")
    assert load(main, theirs | {"DQMHUB_DATABASE_URL": "postgresql://three/hub"}).database_url == "postgresql://three/hub"


def test_every_type_can_be_set_by_a_variable(tmp_path: Path) -> None:
    variables = {
        "DQMHUB_INSTANCE_NAME": "Playback #2",
        "DQMHUB_WEB_PORT": "9000",
        "DQMHUB_JOB_LEASE_S": "7",
        "DQMHUB_SECURE_COOKIES": "TRUE",
        "DQMHUB_FILE_ROOTS": "/eos/dqm, /data",
    }
    found = load(main_file(tmp_path, ""), variables)
    values = (
        found.instance_name,
        found.web_port,
        found.of(QueueSettings).job_lease_s,
        found.of(SecuritySettings).secure_cookies,
        found.of(GuiSettings).file_roots,
    )
    assert values == ("Playback #2", 9000, 7.0, True, ("/eos/dqm", "/data"))
    assert {type_of(row.name) for row in setting_rows()} == {type(value) for value in values}


def test_relative_paths_start_at_the_tree(tmp_path: Path) -> None:
    found = load(main_file(tmp_path, 'data_dir = "var/other"\nfile_roots = ["files"]\n'), {})
    assert found.data == TREE / "var/other"
    assert found.of(GuiSettings).file_roots == (str(TREE / "files"),)
    assert local_roots(found) == ((TREE / "var/other/demo").resolve(), (TREE / "files").resolve())


def test_folders_of_remote_servers_are_not_local_folders(tmp_path: Path) -> None:
    found = load(main_file(tmp_path, 'file_roots = ["files", "root://EOS.cern.ch:1094//eos/dqm", "root://[::1]:1095//"]\n'), {})
    assert found.of(GuiSettings).file_roots[1:] == ("root://eos.cern.ch//eos/dqm/", "root://[::1]:1095//")
    assert len(local_roots(found)) == 2
    assert readable_roots(found) == (*(f"{root}/" for root in local_roots(found)), *found.of(GuiSettings).file_roots[1:])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sesion_hours = 7.5", "There is no setting sesion_hours; did you mean session_hours?"),
        ("qqq = 7.5", "There is no setting qqq; `dqmhub config show` prints all settings"),
        ("[web]\nport = 7.5", "[web] = '(hidden)' cannot be used; allowed: lines `name = value` without sections"),
        ("web_port = ", "a readable TOML file"),
        ("\x00", "a readable TOML file"),
    ],
)
def test_an_invalid_file_is_refused(tmp_path: Path, text: str, expected: str) -> None:
    path = main_file(tmp_path, text)
    with pytest.raises(SettingError) as refused:
        load(path, {})
    assert str(refused.value).startswith(f"{path}: ")
    assert expected in str(refused.value)
    assert "7.5" not in str(refused.value), "what has an unknown name may be a secret"


def test_all_wrong_settings_are_named_at_once(tmp_path: Path) -> None:
    path = main_file(tmp_path, "web_port = 0\nweb_threads = 3\nsesion_hours = 7\n")
    drop_in = tmp_path / "conf.d/10.toml"
    drop_in.parent.mkdir()
    drop_in.write_text("web_workers = ")
    with pytest.raises(SettingError) as refused:
        load(path, {"DQMHUB_LOG_LEVEL": "trace", "DQMHUB_WEB_PORTT": "1", "DQMHUB_WEB_WORKERS": "2"})
    found = [line.split(" cannot")[0].split(";")[0] for line in str(refused.value).splitlines()]
    assert found == [
        f"{path}: web_port = 0",
        f"{path}: There is no setting sesion_hours",
        f"{drop_in}: config = '{drop_in}'",
        "DQMHUB_LOG_LEVEL: log_level = 'trace'",
        "environment: There is no setting DQMHUB_WEB_PORTT",
    ]


def test_a_binary_or_missing_file_is_refused(tmp_path: Path) -> None:
    path = main_file(tmp_path, "")
    path.write_bytes(b"instance_name = '\xff\xfe'")
    with pytest.raises(SettingError, match="a readable TOML file"):
        load(path, {})
    with pytest.raises(SettingError, match="a TOML file that exists"):
        load(tmp_path / "absent.toml", {})
    with pytest.raises(SettingError, match="a TOML file that exists"):
        load(None, {"DQMHUB_CONFIG": str(tmp_path)})


def test_a_misspelt_variable_is_refused_and_its_value_is_not_shown(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match=r"no setting DQMHUB_SECRETKEY; did you mean DQMHUB_SECRET_KEY\?") as refused:
        load(main_file(tmp_path, ""), {"DQMHUB_SECRETKEY": GOOD_KEY})
    assert GOOD_KEY not in str(refused.value)


@pytest.mark.parametrize("dummy", [*DUMMY_SECRETS, "<changeme>", "ChangeMe", "THE-CLIENT-SECRET", "...", "***"])
@pytest.mark.parametrize(
    "setting", ["{}", "postgresql://hub:{}@host/hub", "postgresql://host/hub?user=hub&password={}", "redis://:{}@host:6379/0"]
)
def test_a_placeholder_of_a_sample_is_refused_as_a_secret(tmp_path: Path, setting: str, dummy: str) -> None:
    name = {"{": "secret_key", "p": "database_url", "r": "huey_url"}[setting[0]]
    with pytest.raises(SettingError, match=rf"{name} = '\(hidden\)' cannot be used; allowed: a secret of your own"):
        load(main_file(tmp_path, f'{name} = "{setting.format(dummy)}"'), {})


def test_no_secret_of_the_pages_for_operators_is_accepted(tmp_path: Path) -> None:
    secrets = "|".join(row.name for row in setting_rows() if row.metadata["secret"] and type_of(row.name) is str and "url" not in row.name)
    pages = (TREE / "docs/operators").glob("*.md")
    lines = {line for page in pages for line in re.findall(rf'^(?:{secrets}) = "[^"]+"', page.read_text(encoding="utf-8"), re.MULTILINE)}
    assert 'sign_on_client_secret = "THE-CLIENT-SECRET"' in lines
    for line in lines:
        with pytest.raises(SettingError, match="a secret of your own"):
            load(main_file(tmp_path, line), {})


@pytest.mark.parametrize("password", ["", "THE-42-of-us", "a...", "the-end-of-it"])
def test_a_password_that_looks_like_no_placeholder_is_accepted(tmp_path: Path, password: str) -> None:
    url = f"postgresql://hub:{password}@host/hub"
    assert load(main_file(tmp_path, f'database_url = "{url}"'), {}).database_url == url


def test_secrets_are_not_shown() -> None:
    secrets = {"secret_key": GOOD_KEY, "database_url": "postgresql://hub:hTz7q@host/hub", "huey_url": "redis://:hTz7q@host:6379/0"}
    values = visible_values(Settings(**secrets))
    assert {name: values[name] for name in secrets} == dict.fromkeys(secrets, "(set)")
    assert not any(secret in str(values) for secret in ("hTz7q", GOOD_KEY))
    assert visible_values(Settings())["secret_key"] == "(not set)"
    assert set(values) == {row.name for row in setting_rows()}


def test_the_sample_has_the_default_values(tmp_path: Path) -> None:
    assert tomllib.loads(sample()) == {}
    lines = sample().splitlines()
    uncommented = [line.removeprefix("# ") for line in lines if any(line.startswith(f"# {row.name} = ") for row in setting_rows())]
    assert len(uncommented) == len(setting_rows())
    bare = main_file(tmp_path, "")
    assert load(main_file(tmp_path, "\n".join(uncommented)), {}) == load(bare, {})
    for row in setting_rows():
        assert row.metadata["help"] in sample()


def test_settings_cannot_be_changed_once_loaded() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Settings().web_port = 1
