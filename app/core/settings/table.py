"""The table of settings: name, type, default, help, what is allowed, and whether it is a secret."""

from __future__ import annotations

from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any

from app.core.settings.checks import (
    Check,
    between,
    folders,
    hosts,
    mail_address,
    mail_addresses,
    mirrors,
    networks,
    one_of,
    place,
    prefix,
    problem,
    public_keys,
    quiet_hours,
    secret_key,
    some_of,
    url_of,
    webhooks,
)
from app.formats.urls import is_remote, normal_folder

TREE = Path(__file__).resolve().parents[3]
"""The installed product: the folder that holds wsgi.py, app/ and render/."""

COLOURS = ("grey", "blue", "green", "orange", "red", "purple")
EVENTS = ("run-start", "run-end", "crash", "stuck", "silent-host")
TROUBLES = ("crash", "stuck", "silent-host")
LOG_LEVELS = ("debug", "info", "warning", "error")


def setting(default: Any, help: str, check: Check | None = None, *, secret: bool = False, env: str = "") -> Any:
    """One row of the table; `env` is a second variable, known from other products, that is read when ours is not set."""
    return field(default=default, metadata={"help": help, "check": check, "secret": secret, "env": env})


@dataclass(frozen=True)
class Settings:
    """The settings of one instance; paths are absolute once loaded."""

    instance_name: str = setting("DQM Hub", "Name of this instance, shown on every page, also of its mirrors outside.")
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
    square_grab_s: float = setting(
        2.0,
        "Seconds between two questions to a machine of P5 for what is new, at most 10: who is not heard of for 30 s counts as silent.",
        between(0.1, 10),
    )
    square_status_s: float = setting(
        30.0, "Seconds between two looks at which machines of P5 are up; after 120 s nobody knows.", between(1, 60)
    )
    square_timeout_s: float = setting(10.0, "Seconds that one answer of P5 may take in all.", between(0.1, 60))
    square_command_timeout_s: float = setting(
        120.0,
        "Seconds that P5 may take to answer a command; it asks its machines for versions one after the other, 5 s each.",
        between(1, 3600),
    )
    square_keep_documents_days: int = setting(60, "Days that documents of DQM^2 are kept; runs and jobs stay.", between(1, 36500))
    square_keep_logs_days: int = setting(30, "Days that first and last lines of logs are kept.", between(1, 36500))
    square_keep_graphs_days: int = setting(365, "Days that file deliveries are kept.", between(1, 36500))
    square_keep_statuses_days: int = setting(365, "Days for which it is known which machine was up.", between(1, 36500))

    publish_mirrors: tuple[str, ...] = setting(
        (), "Mirrors outside that are sent what the public may see, https://...; empty, as publish_folder: nothing leaves.", mirrors
    )
    publish_folder: str = setting("", "Folder into which the same is written, for mirrors that read files.")
    publish_key: str = setting("", "Key (PEM) that signs it; empty: publish/key in data_dir (`dqmhub mirror-key` makes it).")
    publish_ca: str = setting(
        "", "File (PEM) or folder of the authorities that the mirrors' certificates are checked against; empty: the usual ones."
    )
    publish_s: float = setting(3.0, "Seconds between two looks at what is new for the mirrors.", between(0.2, 10))
    publish_keep_runs: int = setting(300, "Runs of each system that mirrors show, the newest.", between(1, 10_000))
    publish_log_runs: int = setting(100, "Runs of each system whose logs mirrors show, the newest.", between(0, 10_000))

    notice_systems: tuple[str, ...] = setting(
        ("production",), "Systems of DQM^2 whose events are told by notices.", some_of("production", "playback")
    )
    notice_webhooks: tuple[str, ...] = setting((), "Addresses that each notice is sent to as JSON, https://...", webhooks, secret=True)
    notice_webhook_secret: str = setting("", "Key that signs what is sent to them (HMAC-SHA256); empty: it is not signed.", secret=True)
    notice_webhook_kinds: tuple[str, ...] = setting(EVENTS, "What they are told: " + ", ".join(EVENTS) + ".", some_of(*EVENTS))
    notice_smtp: str = setting("", "Mail server, host:port; empty: no notice is mailed.", place)
    notice_smtp_security: str = setting(
        "starttls", "How it is spoken to: starttls, tls (from the first byte) or none.", one_of("starttls", "tls", "none")
    )
    notice_smtp_user: str = setting("", "Account at the mail server; empty: it needs none.")
    notice_smtp_password: str = setting("", "Password of that account.", secret=True)
    notice_mail_from: str = setting("", "Sender of the mails, an address alone.", mail_address)
    notice_mail_to: tuple[str, ...] = setting((), "Who gets the mails; empty: no notice is mailed.", mail_addresses)
    notice_mail_kinds: tuple[str, ...] = setting(TROUBLES, "What is mailed.", some_of(*EVENTS))
    notice_sound: str = setting("", "Sound server of the control room (CMS-WOW), host:port; empty: no notice is heard.", place)
    notice_sound_kinds: tuple[str, ...] = setting(TROUBLES, "What is heard.", some_of(*EVENTS))
    notice_quiet: tuple[str, ...] = setting(
        (),
        'Hours in which a channel is quiet, Swiss time, as "sound 22:00-06:00"; what was to be mailed is mailed at their end.',
        quiet_hours,
    )
    notice_ca: str = setting(
        "", "File (PEM) or folder of the authorities that webhooks and mail server are checked against; empty: the usual ones."
    )
    notice_timeout_s: float = setting(10.0, "Seconds that one sending may take in all.", between(0.1, 60))
    notice_keep_days: int = setting(365, "Days that notices are kept.", between(1, 36500))
    public_url: str = setting(
        "", "Address at which people reach this hub, for links in notices; empty: they have none.", url_of("http", "https")
    )

    mirror_host: str = setting("127.0.0.1", "Address that a mirror listens on (`dqmhub mirror`).")
    mirror_port: int = setting(8084, "Port that a mirror listens on.", between(1, 65535))
    mirror_data: str = setting("", "Folder for what a mirror stores; empty: mirror in data_dir.")
    mirror_keys: tuple[str, ...] = setting((), "Public keys of the hubs whose snapshots a mirror takes.", public_keys)
    mirror_folder: str = setting("", "Folder from which a mirror takes snapshots, besides those that are posted to it.")
    mirror_prefix: str = setting("", "Path under which a reverse proxy shows the mirror.", prefix)
    mirror_rate: float = setting(
        30.0, "Requests per second that one address may send to a mirror for long; 0: any number.", between(0, 1e6)
    )
    mirror_oldest_h: float = setting(24.0, "Hours that a snapshot may be old that is posted to a mirror.", between(0.1, 8760))
    mirror_burst: int = setting(300, "Requests that one address may send to a mirror at once.", between(1, 1_000_000))

    simulator_port: int = setting(9215, "Port of this machine that the stand-in for P5 listens on (`dqmhub simulate`).", between(1, 65535))

    log_level: str = setting("info", "Least level that is logged.", one_of(*LOG_LEVELS))
    problem_url: str = setting("", "Where 'report a problem' leads, mailto: or https:; empty: a text to copy.", problem)

    @property
    def square_machines(self) -> dict[str, tuple[str, ...]]:
        """The machines of each system of DQM^2 that is grabbed; none without an address."""
        systems = {"production": self.square_production, "playback": self.square_playback}
        return {system: machines for system, machines in systems.items() if machines and self.square_url}

    @property
    def publishes(self) -> bool:
        """Whether anything is meant for outside."""
        return bool(self.publish_mirrors or self.publish_folder)

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
