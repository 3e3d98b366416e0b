"""Every setting of DQM Hub, in one table: its name, default, help, what is allowed, and whether it is a secret.

A value comes from the last of these that gives one: the default here; the main TOML file; the files of the
drop-in folder `conf.d` beside it, by name; the environment variable `DQMHUB_<NAME>`. The main file is the one
named by `--config` or `DQMHUB_CONFIG`, else `dqmhub.toml` in the tree, else `/etc/dqmhub/dqmhub.toml`.
"""

from __future__ import annotations

import ipaddress
import os
import re
import secrets
import tempfile
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, get_origin, get_type_hints
from urllib.parse import urlsplit

from app.formats.urls import is_remote, normal_folder

TREE = Path(__file__).resolve().parent.parent
"""The installed product: the folder that holds wsgi.py, app/ and render/."""

COLOURS = ("grey", "blue", "green", "orange", "red", "purple")
LOG_LEVELS = ("debug", "info", "warning", "error")
DUMMY_SECRETS = ("changeme", "change-me", "change me", "secret", "password", "dummy", "example", "test", "xxx", "none")

HIDDEN = "(hidden)"
"""What messages show of a secret, and of what may be one under a misspelt name."""

Check = Callable[[Any], str]
"""Looks at a value of the right type and says what is allowed, or nothing when the value is."""


class SettingError(ValueError):
    """A setting that cannot be used: which, what was given, where, and what is allowed."""

    def __init__(self, name: str, value: object, allowed: str, where: str) -> None:
        self.name = name
        super().__init__(f"{where}: {name} = {value!r} cannot be used; allowed: {allowed}")


def setting(default: Any, help: str, check: Check | None = None, *, secret: bool = False, env: str = "") -> Any:
    """One row of the table; `env` is a second variable, known from other products, that is read when ours is not set."""
    return field(default=default, metadata={"help": help, "check": check, "secret": secret, "env": env})


def one_of(*choices: str) -> Check:
    return lambda value: "" if value in choices else "one of " + ", ".join(choices)


def between(low: float, high: float) -> Check:
    return lambda value: "" if low <= value <= high else f"a number from {low:g} to {high:g}"


def networks(value: tuple[str, ...]) -> str:
    try:
        wide = any(ipaddress.ip_network(item).prefixlen == 0 for item in value)
    except ValueError:
        wide = True
    return "a list of networks such as 10.1.0.0/16 or ::1/128, none of them the whole internet" if wide else ""


def folders(value: tuple[str, ...]) -> str:
    for item in value:
        if "://" in item:
            try:
                normal_folder(item)
            except ValueError as error:
                return str(error)
        elif re.search(r'["\[\]]', item):
            return "a list of folders; in a variable they are separated by commas, without brackets and quotes"
    return ""


def hosts(value: tuple[str, ...]) -> str:
    return (
        ""
        if all(re.fullmatch(r"[\w.-]+|\[[0-9a-fA-F:]+\]", host) for host in value)
        else "a list of host names, without scheme, port or path"
    )


def url_of(*schemes: str) -> Check:
    hint = "empty, or an address such as " + " or ".join(f"{scheme}://..." for scheme in schemes)

    def check(value: str) -> str:
        try:
            parts = urlsplit(value)
            good = parts.scheme in schemes and value.startswith(f"{parts.scheme}://") and parts.port != 0
        except ValueError:  # the port is no number, or a bracket is missing
            good = False
        return "" if good or not value else hint

    return check


def problem(value: str) -> str:
    return "" if not value or value.startswith(("mailto:", "https://")) else "empty, mailto:address or https://address"


def prefix(value: str) -> str:
    return "" if re.fullmatch(r"(/[A-Za-z0-9._~-]+)*", value) else "empty, or a path such as /dqm/hub without a slash at its end"


def secret_key(value: str) -> str:
    good = not value or (len(value) >= 32 and len(set(value)) >= 10)
    return "" if good else "empty (one is made at the first start), or at least 32 characters that nobody can guess"


@dataclass(frozen=True)
class Settings:
    """The settings of one instance; paths are absolute once loaded."""

    instance_name: str = setting("DQM Hub", "Name of this instance, shown on every page.")
    instance_colour: str = setting("blue", "Colour of the bar on every page, to tell production from playback and test.", one_of(*COLOURS))
    data_dir: str = setting("var", "Folder for all that the program writes; a relative path starts at the tree.")
    file_roots: tuple[str, ...] = setting(
        (),
        "Folders whose DQM files may be registered and read, besides demo/ in data_dir; root://host//folder for those of a server.",
        folders,
    )
    remote_timeout_s: float = setting(10.0, "Seconds that one answer of a remote server (root://) may take.", between(1, 600))
    remote_recheck_s: float = setting(30.0, "Seconds after which a remote file is looked at again for a new version.", between(0, 86400))

    web_host: str = setting("127.0.0.1", "Address that the web server listens on.")
    web_port: int = setting(8889, "Port that the web server listens on.", between(1, 65535))
    web_workers: int = setting(2, "Web server processes.", between(1, 64))
    web_threads: int = setting(8, "Threads of each web server process.", between(1, 64))
    live_poll_s: float = setting(5.0, "Seconds after which a page of a run that goes on asks for what is new.", between(1, 600))
    square_poll_s: float = setting(3.0, "Seconds after which a page of DQM^2 asks for what is new.", between(1, 600))
    url_prefix: str = setting("", "Path under which a reverse proxy shows the hub.", prefix)
    allowed_hosts: tuple[str, ...] = setting(
        ("127.0.0.1", "localhost", "[::1]"), "Host names under which browsers may reach the hub; the port does not matter.", hosts
    )
    trusted_proxies: tuple[str, ...] = setting((), "Networks of the reverse proxies whose X-Forwarded headers are believed.", networks)
    secure_cookies: bool = setting(False, "Send the session cookie over HTTPS only; turn on wherever HTTPS is used.")

    database_url: str = setting(
        "", "PostgreSQL database, postgresql://user@host/name; empty: SQLite in data_dir.",
        url_of("postgresql"), secret=True, env="DATABASE_URL",
    )  # fmt: skip
    huey_url: str = setting(
        "", "Redis server of the work queues, redis://host:6379/0; empty: SQLite in data_dir.",
        url_of("redis", "rediss", "unix"), secret=True, env="HUEY_URL",
    )  # fmt: skip
    secret_key: str = setting("", "Key that signs sessions; empty: made at the first start, in data_dir/secret.", secret_key, secret=True)

    live_threads: int = setting(4, "Threads of the consumer of the live queue.", between(1, 64))
    worker_processes: int = setting(2, "Processes of the consumer of the bulk queue.", between(1, 64))
    work_lease_s: float = setting(20.0, "Seconds after which work whose process went silent is queued again.", between(1, 3600))

    import_memory_mb: int = setting(1024, "Memory limit of the process that reads the list of a file, MB.", between(128, 65536))
    import_cpu_s: int = setting(120, "CPU limit of the process that reads the list of a file, seconds.", between(1, 3600))
    import_slots: int = setting(4, "Requests of one web process that may wait for a file to be read.", between(1, 64))
    list_cache_mb: int = setting(64, "Memory of one web process for lists of monitor elements, MB.", between(1, 65536))

    render_workers: int = setting(0, "Processes of the render service; 0: one for each core.", between(0, 256))
    render_timeout_s: float = setting(30.0, "Seconds that one plot may take.", between(1, 600))
    render_cpu_s: float = setting(20.0, "Seconds of CPU time that one plot may take.", between(1, 600))
    render_memory_mb: int = setting(2048, "Memory of one render process beyond what ROOT takes at its start, MB.", between(512, 65536))
    render_plugins: str = setting("", "Library of CMS render plugins that the render service loads.")
    plot_cache_mb: int = setting(2048, "Disk space for plots that were drawn, MB.", between(1, 10_000_000))

    anonymous_read: str = setting(
        "loopback", "Who may read without an account: nobody, loopback (this machine), everyone.", one_of("nobody", "loopback", "everyone")
    )
    register_networks: tuple[str, ...] = setting(
        ("127.0.0.0/8", "::1/128"), "Networks whose clients may register files without a token.", networks
    )
    session_hours: float = setting(12.0, "Hours after which a signed-in user signs in again.", between(0.1, 720))

    square_url: str = setting(
        "",
        "DQM^2 at P5: its gateway, http://gateway:9215, or the CMSWEB proxy, https://...; empty: nothing is grabbed.",
        url_of("http", "https"),
    )
    square_gateway: str = setting("dqmrubu-c2a06-03-01", "Machine of P5 that answers at square_url; it passes on what is for the others.")
    square_port: int = setting(9215, "Port of DQM^2 on the machines behind the gateway.", between(1, 65535))
    square_production: tuple[str, ...] = setting(
        ("dqmrubu-c2a06-01-01", "dqmfu-c2b03-45-01", "dqmfu-c2b04-45-01"), "Machines of the system production.", hosts
    )
    square_playback: tuple[str, ...] = setting(
        ("dqmrubu-c2a06-03-01", "dqmfu-c2b01-45-01", "dqmfu-c2b02-45-01"), "Machines of the system playback.", hosts
    )
    square_certificate: str = setting("", "Certificate (PEM) by which CMSWEB knows this hub.")
    square_key: str = setting("", "Key (PEM) of the certificate, without a password; empty: in the file of the certificate.")
    square_ca: str = setting(
        "", "File (PEM) or folder of the authorities that P5's certificates are checked against; empty: the usual ones."
    )
    square_cookie: str = setting("", "Value of the cookie that DQM^2 asks for behind CMSWEB.", secret=True)
    square_grab_s: float = setting(2.0, "Seconds between two questions to a machine of P5 for what is new.", between(0.1, 600))
    square_status_s: float = setting(30.0, "Seconds between two looks at which machines of P5 are up.", between(1, 3600))
    square_timeout_s: float = setting(10.0, "Seconds that one answer of P5 may take in all.", between(0.1, 600))
    square_keep_documents_days: int = setting(60, "Days that documents of DQM^2 are kept; runs and jobs stay.", between(1, 36500))
    square_keep_logs_days: int = setting(30, "Days that first and last lines of logs are kept.", between(1, 36500))
    square_keep_graphs_days: int = setting(365, "Days that file deliveries are kept.", between(1, 36500))
    square_keep_statuses_days: int = setting(365, "Days for which it is known which machine was up.", between(1, 36500))

    simulator_port: int = setting(9215, "Port of this machine that the stand-in for P5 listens on (`dqmhub simulate`).", between(1, 65535))

    log_level: str = setting("info", "Least level that is logged.", one_of(*LOG_LEVELS))
    problem_url: str = setting("", "Where 'report a problem' leads, mailto: or https:; empty: a text to copy.", problem)

    @property
    def square_machines(self) -> dict[str, tuple[str, ...]]:
        """The machines of each system of DQM^2 that is grabbed; none without an address."""
        systems = {"production": self.square_production, "playback": self.square_playback}
        return {system: machines for system, machines in systems.items() if machines and self.square_url}

    @property
    def data(self) -> Path:
        return Path(self.data_dir)

    @property
    def roots(self) -> tuple[Path, ...]:
        """Folders of this machine below which files are read, resolved."""
        return tuple(Path(root).resolve() for root in (str(self.data / "demo"), *self.file_roots) if not is_remote(root))

    @property
    def readable(self) -> tuple[str, ...]:
        """What the path or address of every file that may be read starts with."""
        return (*(f"{root}/" for root in self.roots), *(normal_folder(root) for root in self.file_roots if is_remote(root)))


def table() -> tuple[Field[Any], ...]:
    """The rows of the table: name, type, default and, in the metadata, help, check and secret."""
    return fields(Settings)


def load(config: Path | None = None, environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings in force; SettingError names the first value that cannot be used, and where it stands."""
    values: dict[str, Any] = {}
    for file in config_files(config, environ):
        values.update(_from_file(file))
    values.update(_from_environment(environ))
    given = Settings(**values)
    return replace(
        given,
        data_dir=_absolute(given.data_dir),
        file_roots=tuple(_absolute(root) for root in given.file_roots),
        render_plugins=given.render_plugins and _absolute(given.render_plugins),
    )


def _absolute(path: str) -> str:
    return normal_folder(path) if "://" in path else os.path.abspath(TREE / Path(path).expanduser())


def config_files(config: Path | None, environ: Mapping[str, str]) -> list[Path]:
    """The files that are read, first the main one, then those of its drop-in folder by name."""
    named = config or (Path(environ["DQMHUB_CONFIG"]) if environ.get("DQMHUB_CONFIG") else None)
    if named and not named.is_file():
        raise SettingError("config", str(named), "a TOML file that exists", "command line or DQMHUB_CONFIG")
    main = named or next((path for path in (TREE / "dqmhub.toml", Path("/etc/dqmhub/dqmhub.toml")) if path.is_file()), None)
    return [main, *sorted((main.parent / "conf.d").glob("*.toml"))] if main else []


def _from_file(path: Path) -> dict[str, Any]:
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SettingError("config", str(path), f"a readable TOML file ({error})", str(path)) from None
    return {name: _checked(name, value, str(path)) for name, value in given.items()}


def _from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    values = {}
    for row in table():
        for variable in (f"DQMHUB_{row.name.upper()}", row.metadata["env"]):
            if variable and variable in environ:
                values[row.name] = _checked(row.name, _parsed(row.name, environ[variable], variable), variable)
                break
    known = {f"DQMHUB_{row.name.upper()}" for row in table()} | OTHER_VARIABLES
    for variable in environ:
        if variable.startswith("DQMHUB_") and variable not in known:
            raise SettingError(variable, HIDDEN, "a variable that `dqmhub config show` lists", "environment")
    return values


OTHER_VARIABLES = {"DQMHUB_CONFIG", "DQMHUB_SUPERVISOR_PID", "DQMHUB_FIXTURES"}
"""Variables of ours that are no settings."""

_TYPES = {bool: "true or false", int: "a whole number", float: "a number", str: "text", tuple: "a list of texts"}


def kind(name: str) -> type:
    """bool, int, float, str, or tuple for a list of texts."""
    hint = get_type_hints(Settings)[name]
    found: type = get_origin(hint) or hint
    return found


def _parsed(name: str, text: str, where: str) -> Any:
    """The text of an environment variable as the type of the setting; lists are separated by commas."""
    wanted = kind(name) if name in Settings.__dataclass_fields__ else str
    try:
        if wanted is bool:
            return {"true": True, "1": True, "false": False, "0": False}[text.lower()]
        if wanted is tuple:
            return [part.strip() for part in text.split(",") if part.strip()]
        return wanted(text)
    except (KeyError, ValueError):
        raise SettingError(name, text, _TYPES[wanted], where) from None


def _checked(name: str, value: Any, where: str) -> Any:
    row = Settings.__dataclass_fields__.get(name)
    if row is None:
        raise SettingError(name, HIDDEN, "a name that `dqmhub config show` lists", where)
    shown = HIDDEN if row.metadata["secret"] else value
    value = _typed(name, value, where, shown)
    if row.metadata["secret"] and value and _is_dummy(value):
        raise SettingError(name, shown, "a secret of your own, not the placeholder of a sample file", where)
    if allowed := row.metadata["check"](value) if row.metadata["check"] else "":
        raise SettingError(name, shown, allowed, where)
    return value


def _is_dummy(value: str) -> bool:
    """Whether a key, or the password inside an address, is a placeholder that was never replaced."""
    password = re.search(r"://[^/@:]*:([^@]*)@", value) or re.search(r"[?&]password=([^&]*)", value)
    secret = password.group(1) if password else value
    return secret.lower().strip("<>[]{} ") in DUMMY_SECRETS


def _typed(name: str, value: Any, where: str, shown: Any) -> Any:
    wanted = kind(name)
    if wanted is float and type(value) is int:
        value = float(value)
    if wanted is tuple and isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    if type(value) is not wanted:
        raise SettingError(name, shown, _TYPES[wanted], where)
    return value


def shown(settings: Settings) -> dict[str, Any]:
    """Every setting with its value, secrets as "(set)" or "(not set)"."""
    values = {}
    for row in table():
        value = getattr(settings, row.name)
        values[row.name] = ("(set)" if value else "(not set)") if row.metadata["secret"] else value
    return values


def sample() -> str:
    """The sample configuration file: each setting with its help, commented out at its default."""
    lines = ["# DQM Hub: settings. Each line that is commented out shows the default.", ""]
    for row in table():
        lines.append(f"# {row.metadata['help']}" + (" Secret." if row.metadata["secret"] else ""))
        lines.append(f"# {row.name} = {toml(row.default)}")
        lines.append("")
    return "\n".join(lines)


def toml(value: Any) -> str:
    """A value as TOML has it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return "[" + ", ".join(f'"{item}"' for item in value) + "]"
    return f'"{value}"' if isinstance(value, str) else str(value)


def make_secret(settings: Settings) -> bytes:
    """The key that signs sessions: the setting, else the file data_dir/secret, made when it is missing (mode 0600)."""
    if settings.secret_key:
        return settings.secret_key.encode()
    path = settings.data / "secret"
    try:
        settings.data.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            _link_new_secret(path)
        key = path.read_bytes().strip()
    except OSError as error:
        raise SettingError("data_dir", settings.data_dir, f"a folder of this user ({error.strerror})", str(path)) from error
    if len(key) < 32:
        raise SettingError("secret_key", f"{len(key)} characters", "at least 32 characters; remove the file to make a new one", str(path))
    return key


def _link_new_secret(path: Path) -> None:
    """Make the file, whole or not at all; the first of several starters wins, and the others read its key."""
    descriptor, new = tempfile.mkstemp(prefix="secret.", dir=path.parent)  # mode 0600
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(32))
            file.flush()
            os.fsync(descriptor)
        os.link(new, path)
    except FileExistsError:
        pass
    finally:
        os.unlink(new)
