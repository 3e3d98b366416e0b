"""The patterns of all rules: text that must not be published, in plain ASCII (see `canonical`).

They are for RE2, where one search takes linear time; a line takes several, so `canonical` limits its length. Their order
matters: if two rules match at the same position, the first one is used.
"""

from __future__ import annotations

from app.publish.sanitize import contacts, positions, repositories
from app.publish.sanitize.credentials import ASSIGNMENT, CONSTRUCTOR, CREDENTIALS, QUOTED, SECRET_POSITIONS, VALUE
from app.publish.sanitize.secret_words import SECRET_WORDS

PEM_LABEL = r"[A-Z0-9 ]*(?:KEY|CERTIFICATE|REQUEST|MESSAGE|SIGNATURE|PARAMETERS|BLOCK|PKCS7|CRL)\b"
"""After BEGIN or END in PEM. Messages of CMSSW start with dashes, too, so dashes alone do not count."""

_RACK_SLOT = r"[a-z]\d[a-z]\d{2}[-_.]\d{2}[-_.]\d{2}"
"""Rack and slot of a machine at P5, such as c2a06-03-01."""

_RACK_SLOT_START = r"[a-z]\d[a-z]\d{2}(?:-\d{2})?\b"
"""The start of a rack and slot, as in srv-c2d05-12."""

_PATH_CHARACTER = r"""(?:[^\s"'`()<>|;:,\[\]{}]|\{[^\s{}]*\})"""
_USER_NAME = r"[a-z_][\w.-]*"
_DN_ATTRIBUTE = r"(?:DC|CN|OU|O|C|ST|L|UID|emailAddress)"
_AT_SIGN = r"\s?(?:@|[\[({]\s?at\s?[\])}])\s?"
_DOT = r"(?:\.|\s?[\[({]\s?dot\s?[\])}]\s?)"

PATTERNS: dict[str, str] = {
    "pem": rf"(?i:-----\s?BEGIN {PEM_LABEL}.*)",
    "subject": rf"(?:/{_DN_ATTRIBUTE}=[^/\"'\n]+){{2,}}|\b(?:{_DN_ATTRIBUTE}\s?=\s?[^,/\"'=]{{1,80}}[,/]\s?)+{_DN_ATTRIBUTE}\s?=\s?[^,/\"'\n]+",
    "origin": r"@SUB=\w[\w:<>,~]*",
    "call": CREDENTIALS["call"],
    "product_token": r"\b\w*(?:[gG]etByToken|E[DS](?:Get|Put)Token\w*)\b",
    **{name: position.pattern for name, position in SECRET_POSITIONS.items() if name != "phrase"},
    "bearer": CREDENTIALS["bearer"],
    "url": r"""(?i:\b[a-z][a-z0-9_+.-]{1,30}://[^\s"'<>`]+)""",
    "option": (
        rf"(?i:\B--?[\w-]*(?:(?:{SECRET_WORDS})[\w-]*|pass)(?:\s*=\s*|\s+){VALUE}|\bsshpass\s+-p\s*{VALUE}"
        r"""|\B--?(?:u|a|auth|creds|[\w-]*user)[\s=]+(?:'[^':]+:[^']*'|"[^":]+:[^"]*"|[^\s:]+:\S+)|\bmysql\w*\s(?:\S+\s+){0,8}-p\S+|\b\w+/[^\s/@]+@/{0,2}\w+)"""
    ),
    "phrase": SECRET_POSITIONS["phrase"].pattern,
    "environment": (
        r"\A\s*(?:\+\s*)?(?:(?i:export|declare\s+-\w+|setenv)\s+[A-Za-z_]\w*[=\s].*|[A-Z_][A-Z0-9_]{2,}(?:\(\)|%%)?=.*)"
        rf"""|(?:\b|export)[A-Z][A-Z0-9_]{{2,}}=(?:{QUOTED}|[^\s"']\S*)|["'][A-Z][A-Z0-9_]{{2,}}["']\s*:\s*{QUOTED}"""
    ),
    "format": CREDENTIALS["format"],
    "ssh": (
        r"(?:\bssh-(?:rsa|dss|ed25519)|\becdsa-sha2-[\w-]+|\bsk-ssh-[\w@.-]+)\s+AAAA[A-Za-z0-9+/=]+(?:\s+\S+@\S+)?"
        r"|\b(?:SHA256|MD5):[A-Za-z0-9+/=:]{16,}"
    ),
    "repository": repositories.REPOSITORY,
    "email": (
        rf"(?:(?:(?:\b[A-Z][\w'.-]*\s+){{1,4}}|\b[a-z][a-z0-9]{{2,}}\s)<)?(?i:[a-z0-9._%+-]+(?:\s?[\[({{]\s?dot\s?[\])}}]\s?[a-z0-9._%+-]+)*{_AT_SIGN}[a-z0-9-]+(?:{_DOT}[a-z0-9-]+)*{_DOT}[a-z]{{2,12}}\b"
        r"|\b[a-z0-9._-]+ at [a-z0-9.-]+\.(?:ch|edu|gov|org|net|com|de|fr|it|uk|eu)\b"
        r"|\b[a-z0-9._-]+ at [a-z0-9-]+(?: dot [a-z0-9-]+)+\b)"
    ),
    "login": (
        rf"(?i:\b(?:ssh|scp|sftp|rsync)\s[^@\n]{{0,80}}\b{_USER_NAME}@[a-z0-9.-]+"
        rf"|\b{_USER_NAME}@(?:[a-z][a-z0-9]*(?:-[a-z0-9]+)*-{_RACK_SLOT}|lxplus\w*|localhost)\b)"
    ),
    "position": positions.PATTERN,
    "mac": r"(?i:\b(?:[0-9a-f]{2}[:-]){5,19}[0-9a-f]{2}\b|\b[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4}\b)",
    "ipv4": r"\b\d{1,3}(?:\.\d{1,3}){3}\b|(?i:\b(?:ip-\d{1,3}|10|128|137|172|188|192)(?:-\d{1,3}){3}\b)",
    "ipv6": r"(?i:(?:\b[0-9a-f]{1,4}:|\B::)[0-9a-f:.]*[0-9a-f:](?:%\w+)?)",
    "phone": contacts.PHONE,
    "iban": contacts.IBAN,
    "uuid": r"(?i:[0-9a-f]{8}[-_][0-9a-z]{4}[-_][0-9a-z]{4}[-_][0-9a-z]{4}[-_][0-9a-z]{12})",
    "pointer": r"(?i:\b0x[0-9a-f]{1,16}\b)",
    "hex": r"(?i:\b(?:0x)?[0-9a-f]{16,}\b)",
    "uid": r"(?i:\b(?:[ug]id|groups)=\d+(?:\([^\s()]*\))?(?:,\d+(?:\([^\s()]*\))?)*)",
    "file_listing": r"[bcdlps-]r[w-][xsS-](?:[r-][w-][xsStT-]){2}[.+@]?\s+\d+\s+\S+\s+\S+",
    "user_label": (
        rf"(?i:\b(?:(?:preferred|remote|job|forwarded|auth|unix|grid|nice)[_-])?(?:user(?:[ _-]?name|id)?|logname|login|owner|account){ASSIGNMENT}{CONSTRUCTOR}{VALUE}"
        rf"""|\binvalid\s+user\s+{_USER_NAME}|\buser\s+["']{_USER_NAME}["']"""
        rf"|\b(?:su|sudo)\s+-[ul]?\s+{_USER_NAME}|\blog(?:ged\s+)?in\s+as\s+{_USER_NAME})"
    ),
    "host_label": rf"(?i:\b\w*host(?:_?name)?{ASSIGNMENT}{CONSTRUCTOR}{VALUE}|\b(?:to|from|on|of|at|unknown|resolve|reach|contact)\s+host(?:name)?\s+[\w.-]+)",
    "shortened_host": r"(?i:\bdqm[a-z]*-[a-z0-9]+-\.\.)",
    "domain": r"\b[A-Za-z0-9][\w-]*(?:\.[A-Za-z0-9][\w-]*)*\.(?:[A-Za-z]{2,}|xn--[a-z0-9-]+)\b\(?",
    "host": (
        rf"(?i:[a-z][a-z0-9]*(?:-[a-z0-9]+)*-(?:{_RACK_SLOT}|{_RACK_SLOT_START})|(?:\b|_){_RACK_SLOT}(?:\b|_)"
        r"|\b(?:lxplus|vocms|lxbatch|aiadm|cmsrv|cmslpc|cmswn)\w+|\bkvm-[\w-]+)"
    ),
    "closing_tag": r"</[A-Za-z][\w:.-]*>",
    "quoted": r"""["'`]~?/[^"'`\n/][^"'`\n]*["'`]""",
    "path": rf"\B/{_PATH_CHARACTER}*[^\s\"'`()<>|;:,\[\]{{}}./]{_PATH_CHARACTER}*|\B~[a-z_]?[\w-]*/{_PATH_CHARACTER}*",
    "relative": r"[\w.+@%~$*-]+(?:/+[\w.+@%~$*-]+)+/?",
    "word": r"[A-Za-z0-9+_-]{20,}={0,2}",
}
"""The pattern of each rule, by its name."""

INNER_RULES = ("format", "email", "phone", "iban", "uuid", "hex", "mac", "ipv4", "shortened_host", "domain", "host", "word")
"""Rules for the parts of a match that are otherwise not changed."""

SECRET_RULES = (*SECRET_POSITIONS, *CREDENTIALS, "product_token", "option")
"""Rules for secrets: they match in few lines."""
