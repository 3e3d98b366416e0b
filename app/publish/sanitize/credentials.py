"""Rules for secrets: the pattern of each with the parts label, value and rest. Only the value is replaced.

`patterns` has the other rules; what it says of RE2 and of the order holds here, too. All patterns are case-insensitive.
"""

from __future__ import annotations

from typing import NamedTuple

from app.publish.sanitize.secret_words import CODES, COPULAS, FOREIGN_WORDS, KEYS, OTHER_COPULAS, PASSWORDS, SECRET_WORDS

QUOTED = r"""(?:"[^"]*"|'[^']*')"""
_REST = r"""[\w"'!@#$%^*+=.-]*"""
VALUE = rf"""(?:[ubrf]{{0,2}}{QUOTED}{_REST}|\[[^\[\]]*\]|\([^()]*\)|\{{[^{{}}]*\}}|[^\s,;&"'<>()\[\]{{}}]+)"""
"""A word, a quoted text with adjacent characters, or a text in brackets."""

CLAUSE = r"""(?:[ ]+[^\s,;:&"'<>()\[\]{}=|]+){0,12}"""
"""More words after a value: if the first one says something of a secret, all of them should."""

CONSTRUCTOR = r"""(?:[A-Za-z_]\w*(?:\.\w+)*\(\s*)?"""
"""Constructor before a value, such as cms.untracked.string(."""

ASSIGNMENT = r"""(?:["']?\s*(?:=+>|-+>|:=|=|:|>)\s*(?:<!\[CDATA\[)?|["']\s*,\s*|["']?\s+(?:value|content)\s*=\s*)"""
"""Between a name and its value, in configurations, JSON, XML and Python."""

_ASSIGNED = rf"{ASSIGNMENT}{CONSTRUCTOR}"
_IS = rf"\s+{COPULAS}(?:\s+now)?"
_OF = r"(?:\s+(?:for|of|to|de|di|von|vom|para|pour|voor|dla|fur)\s+[\w.@' -]{1,40}?)?"
"""What a password is for."""

_PROGRAM = r"(?:\B/[\w./-]*/|\b)"
"""Before the name of a program, which may be called by its path."""

_WORDS = r"(?:\S+\s+)*?"
"""Words between a program and its option."""

_READERS = (
    r"(?:kinit|su|passwd|chpasswd|docker|podman|openssl|gpg2?|(?:voms|grid)-proxy-init|myproxy-[\w-]+|htpasswd|cryptsetup"
    r"|smbclient|smbpasswd|ldap\w+|aklog|klog|helm|vault|az|gcloud|ssh-add|skopeo|oras|npm|gh|glab|vncpasswd|kadmin\w*|ansible-vault"
    rf"|base64|cern-get-[\w-]+|sudo\s{_WORDS}-\w*S)\b"
)
"""Programs that read a secret from their input."""

_OPTIONS = "|".join(
    (
        rf"redis-cli\s{_WORDS}-a\s*",
        rf"(?:ldap\w+|kadmin\S*)\s{_WORDS}-w\s*",
        rf"ldappasswd\s{_WORDS}-[sa]\s*",
        rf"user(?:add|mod)\s{_WORDS}-p\s*",
        rf"snmp\w+\s{_WORDS}(?:-a\s*\S+\s+(?-i:-X)\s+|(?-i:-[cAX])\s*)",
        r"snmp-server\s+community\s+|r[ow]community6?\s+|(?:tacacs|radius)-server\s+(?:\S+\s+)*?key\s+(?:\d\s+)?|[\w-]*community(?:\s+string)?\s*[:=]\s*",
        rf"ssh-keygen\s{_WORDS}(?:(?-i:-P)\s+\S+\s+)?(?-i:-[NP])\s+",
        rf"openssl\s{_WORDS}-k\s*|openssl\s+passwd\s+(?:-salt\s+\S+\s+|-\w+\s+)*|-pass(?:in|out)?\s+pass:",
        rf"(?:ipmitool|unzip|zip|sqlcmd|bcp|[it]sql)\s{_WORDS}(?-i:-P)\s*",
        rf"(?:7z\w?|u?n?rar)\s{_WORDS}-h?p",
        r"htpasswd\s(?:-\S+\s+)*?-\w*b\w*\s+\S+\s+\S+\s+",
        rf"elog\s{_WORDS}-u\s+\S+\s+|pragma\s+(?:re)?key\s*=\s*|rabbitmqctl\s{_WORDS}(?:add_user|change_password)\s+\S+\s+",
        rf"mysqladmin\s{_WORDS}password\s+",
        rf"mkstore\s{_WORDS}-(?:create|modify)Credential\s+\S+\s+\S+\s+",
        r"net\s+use\s+(?:\S+\s+)?//\S+\s+|net\s+user\s+[^\s/]+\s+",
        rf"iwconfig\s{_WORDS}key\s+(?:s:)?|wifi:\S*?P:",
        r"vault\s+login\s+(?:-\S+\s+)*|aws_(?:secret_access_key|session_token)\s+|ConvertTo-SecureString\s+(?:-String\s+)?",
        rf"lftp\s{_WORDS}-u\s+[^\s,]+,",
        rf"\S*freerdp\s{_WORDS}/p:",
        r"iinit\s+|wpa_passphrase\s+\S+\s+|\B/pass(?:word)?:",
        rf"influx\s{_WORDS}-t\s+",
        r"assword[\s\"':{}]*send\s+",
    )
)
"""Options and positions of programs after which a secret stands."""


class SecretPosition(NamedTuple):
    """A position of secrets.

    Attributes:
        label: Pattern before the value.
        value: Pattern of the value.
        rest: Pattern after the value.
        is_context_read: Whether all rules are applied to label and rest, since they are parts of a command or a sentence.
    """

    label: str
    value: str = VALUE
    rest: str = ""
    is_context_read: bool = False

    @property
    def pattern(self) -> str:
        """The pattern of the rule."""
        return rf"(?i:(?:{self.label})(?:{self.value})(?:{self.rest}))"


SECRET_POSITIONS: dict[str, SecretPosition] = {
    "header": SecretPosition(
        r"""\b(?:(?:proxy-)?authorization|(?:set-)?cookie|x-[a-z-]*(?:token|key|auth|secret|credential|signature)[a-z-]*)"""
        r"""(?:["']?\s*[:=]\s*["']?|["']\s*,\s*["']?)""",
        ".*",
    ),
    "digest": SecretPosition(r"\bdigest\s+username=", ".*"),
    "named_value": SecretPosition(
        rf"""[\w.-]*(?:{SECRET_WORDS})[\w-]*(?:["']|\s*<)[\s,;"'<>/\w={{}}-]{{0,30}}?\b(?:value|string)["']?\s*(?::|=>|=|>)\s*""",
        is_context_read=True,
    ),
    "slash_login": SecretPosition(
        rf"(?:jdbc:oracle:\w+:[^\s/@]+/|\b(?:sqlplus|expdp|impdp|exp|imp|sqlldr|rman)\s{_WORDS}[\"']?[\w$#]+/|\bconn(?:ect)?\s+[\w$#]+/)",
        r"""(?:"[^"]+"|[^\s/@"']+)""",
        r"(?:@[\w./:-]*)?",
        is_context_read=True,
    ),
    "login_at": SecretPosition(r"\b[a-z][\w.-]*:", r"""[^\s/:@"'<>(),;\[\]]+""", r"@[a-z][\w-]*(?:[\d-][\w-]*|\.[\w.-]*\w|[/:])"),
    "password_file": SecretPosition(r"(?:\b[a-z][\w.-]*|\*):(?:\d{2,5}|\*):[\w.*-]+:[\w.*-]+:", r"\S+"),
    "remote_user": SecretPosition(r"\B-U\s*[^\s%]+%", r"\S+"),
    "piped": SecretPosition(
        rf"{_PROGRAM}(?:echo|printf|yes)\s+(?:-\w+\s+)*",
        r"""(?:"[^"]*"|'[^']*'|[^|"'])+?""",
        rf"\s*\|\s*(?:(?:[\w./-]*/)?{_READERS}|\S+\s{_WORDS}--?\w*-?stdin\b)",
        is_context_read=True,
    ),
    "here_string": SecretPosition(rf"{_PROGRAM}{_READERS}[^|;<]*<<<\s*", is_context_read=True),
    "program": SecretPosition(rf"(?:{_PROGRAM}(?:{_OPTIONS})|\B-pw\s+)", is_context_read=True),
    "user_option": SecretPosition(r"\B-u\s*[\w.@-]+\s+(?:user=\S+\s+)?(?:-[hs]\s+\S+\s+)?-p\s*", is_context_read=True),
    "identified": SecretPosition(r"\bidentified\s+by\s+", rf"{VALUE}(?:\s+replace\s+{VALUE})?"),
    "login_pair": SecretPosition(
        r"\b(?:(?:log[io]n\s+denied\s+for|connecting\s+as|log[ -]?in|log[ -]?on|sign[ -]?in|authenticat\w+|credentials?|account|anmeldung|connexion|accesso|acceso))(?:\s*[:=-]\s*|\s+)"
        r"(?:(?:are|is|as|with|using|the|user|of|mit|als|avec|con)\s+)*|\buser(?:[ _-]?name)?\s*(?:/|and)\s*(?:password|pass|pw)(?:\s+are|\s+is)?\s*[:=]?\s+",
        r"""[\w.@-]+(?:\s+[/:]\s+|/|:|\s+and\s+)[^\s/"'<>,;()]+""",
    ),
    "used_pair": SecretPosition(r"\b(?:use|with|as)\s+", r"[\w.@-]+/[^\s/]+", r"\s+(?:to|for)\s+(?:log|sign)\w*"),
    "code": SecretPosition(
        rf"{CODES}{_OF}(?:{_IS}:?\s+|{ASSIGNMENT})|\b(?:one[ -]time|verification|2fa|two[ -]factor)\s+code\s+",
        r"""["']?[a-z0-9-]{4,12}""",
    ),
    "several_words": SecretPosition(
        rf"\b(?:{PASSWORDS}){_IS}\s*:\s*|\b(?:pass[ _-]?phrase|mnemonic|seed\s+(?:phrase|words)|recovery\s+phrase)\s*[:=]\s*",
        rf"(?:{QUOTED}|[^\s\"',;][^\"',;]*)",
    ),
    "set_to": SecretPosition(
        rf"\b(?:{PASSWORDS})[^.;:\n]{{0,40}}?\b(?:set|changed|reset|updated|renewed)\s+",
        rf"(?:from\s+{VALUE}\s+)?to\s+{VALUE}",
        is_context_read=True,
    ),
    "other_language": SecretPosition(rf"{FOREIGN_WORDS}{_OF}(?:{_ASSIGNED}|\s+{OTHER_COPULAS}\s*:?\s+)", rest=CLAUSE),
    "secret_label": SecretPosition(
        rf"[\w.-]*(?:{SECRET_WORDS})[\w-]*(?:\s+(?:for|of)\s+[\w.@-]+)?{_ASSIGNED}(?:[&!]\w+\s+)?"
        rf"|\b(?:{PASSWORDS}){_OF}(?:{_IS}\s+|\s*[:=]\s*)|\b(?:token|{KEYS}){_IS}\s+"
        rf"|[\w-]*(?:password|passphrase|secret)\s+[05789]\s+|\b(?:bindpw|rootpw|requirepass|masterauth|storepass|keypass)\s+",
        rest=CLAUSE,
    ),
    "quoted_label": SecretPosition(rf"[\w.-]*(?:{PASSWORDS})(?:\s+|\s*\(\s*[bu]?)", QUOTED, CLAUSE),
    "marked_label": SecretPosition(
        rf"[\w.-]*(?:{PASSWORDS})(?:\s+key)?(?:\s*\.{{2,}}\s*:?|\s+-\s|\s*\||\s*[\[(]|\s+\.)\s*", r"""["']?[^\s,;&"'<>()\[\]{}|]+"""
    ),
    "spoken": SecretPosition(
        r">\s*(?-i:AUTH|PASS)\s+(?:(?-i:PLAIN|LOGIN)\s+)?|\b(?-i:AUTH)\s+(?-i:PLAIN|LOGIN|XOAUTH2)\s+|\A\W*\w+\s+(?-i:LOGIN)\s+\S+\s+",
        r"\S+",
    ),
    "element": SecretPosition(rf"<[\w:.-]*(?:{SECRET_WORDS})[\w-]*\s[^<>]*>", r"[^<>]+"),
    "auth_label": SecretPosition(
        rf"(?:[\w.-]*(?:\b|_)|\w+/|\b(?:db|my|admin|root|user|bind|ldap|smtp|ftp|sql|key|store|web))(?:auth|pass|pw){_ASSIGNED}"
        rf"|\b(?:pass|pw){_OF}\s*[:=]\s*"
    ),
    "session_label": SecretPosition(rf"[\w.-]*(?:session|auth_?ticket|nonce|(?:\b|_)sid)[\w-]*{_ASSIGNED}"),
    "parameter": SecretPosition(r"[?&](?:code|sig|sid|key|ticket|state)=", r"""[^\s&"'<>;]+"""),
    "with_password": SecretPosition(
        rf"\b(?:with|and|using|use|user\s+\S+|login\s+\S+|account\s+\S+)\s+(?:the\s+)?(?:{PASSWORDS})\s+"
        r"|\buser\s+\S+\s+(?:pass|pw)\s+|\busername\s+\S+\s+privilege\s+\d+\s+secret\s+",
        r"[^\s\"',;<>(){}.=:-][^\s\"',;<>(){}]*",
    ),
    "bare_password": SecretPosition(
        rf"[\w.-]*(?:\b|[._-])(?:password|passphrase|passwd|askpass)\s+|[(,;]\s*(?:{PASSWORDS})\s+",
        r"[^\s\"',;<>(){}.=:-][^\s\"',;<>(){}]*",
    ),
    "phrase": SecretPosition(rf"\b(?:{PASSWORDS}|pw|token|credentials?)\s+[(\[\"']?", r"[\w!@#$%^&*+=.:/-]{6,}"),
}
"""By the name of the rule; `labelled` says which values are harmless."""

_QUOTED_ARGUMENTS = rf"""[^()"']*[ubrf]?{QUOTED}(?:[^()"'=]*,[^()"'=]*{QUOTED})+"""
_HASH = r"[^\s:\"',;]{6,}"

CREDENTIALS: dict[str, str] = {
    "bearer": r"(?i:\b(?:bearer|basic|digest|negotiate|apikey)\s+[A-Za-z0-9+/=._~-]{6,})",
    "call": (
        r"(?i:\b(?:auth\s*=\s*)?[\w.]*(?:connect|log_?[io]n|get_?connection|create_?(?:connection|pool)|session_?pool|bind(?:_s)?|\w*auth"
        rf"|authenticat\w+|credentials?|ftp(?:_tls)?|userpwd|(?:add|set)_?password|sign_?in|mysqli|pdo)\s*\({_QUOTED_ARGUMENTS})"
    ),
    "format": (
        r"\b(?:gh[pousr]_|github_pat_|gl(?:pat|rt|dt|cbt|ptt|ft|soat|agent)-|xox[abeoprs]-|xapp-|sk-|[srp]k_(?:live|test)_|AKIA|ASIA|AIza|ya29\."
        r"|hf_|npm_|pypi-|hv[sbr]\.|dckr_pat_|GOCSPX-|SG\.|shp(?:at|ca|pa|ss)_|dop_v1_|sntrys_|lin_api_|figd_|ATATT3x|PMAK-|NRAK-|rubygems_"
        r"|whsec_|tskey-|gsk_|pplx-|dapi|sq0[a-z]{3}-|AGE-SECRET-KEY-)[A-Za-z0-9_.-]{8,}"
        r"|\beyJ[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]*)*|\b\d{8,10}:AA[\w-]{30,}|\b(?:ST|TGT|PT|PGT|PGTIOU)-\d+-[\w.-]{5,}"
        rf"|\$(?:\d|2[abxy]|y|gy|apr1|sha1|argon2\w*|pbkdf2[\w-]*|scrypt|bcrypt[\w-]*)\${_HASH}(?:,[^\s:\"',;]+)*"
        rf"|\{{(?:S?SHA\d*|S?MD5|CRYPT|PBKDF2[\w-]*)\}}{_HASH}|\b(?:pbkdf2|scrypt|sha\d+|bcrypt|argon2\w*)[:_][\w:]*\$\S{{4,}}|\bSCRAM-SHA-\d+\$\S+"
        r"""|"(?:d|p|q|dp|dq|qi|k)"\s*:\s*"[\w-]{12,}\""""
    ),
}
"""Patterns of rules with functions of their own, see `replacements`."""
