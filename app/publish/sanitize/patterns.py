"""The table of what is looked for in a text of plain ASCII (see `canonical`), for RE2, whose time grows with the text alone."""

from __future__ import annotations

QUOTED = r"""(?:"[^"]*"|'[^']*')"""
_REST = r"""[\w"'!@#$%^*+=.-]*"""
VALUE = rf"""(?:[ubrf]{{0,2}}{QUOTED}{_REST}|\[[^\[\]]*\]|\([^()]*\)|\{{[^{{}}]*\}}|[^\s,;&"'<>()\[\]{{}}]+)"""
"""A word, what stands in quotes with all that touches them, or what stands in brackets."""

CALL = r"""(?:[A-Za-z_]\w*(?:\.\w+)*\(\s*)?"""
"""As cms.untracked.string( before a value."""

GIVEN = r"""(?:["']?\s*(?:=>|-+>|:=|=|:|>)\s*|["']\s*,\s*|["']?\s+(?:value|content)\s*=\s*)"""
"""What stands between a name and its value in configurations, JSON, XML and Python."""

SECRETS = (
    r"passw(?:or)?d|passwd|passphrase|passcode|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|ssh[_-]?key|signing[_-]?key"
    r"|credentials?|session[_-]?id|sessid|cookie|otp|csrf|signature|unique[_-]?key"
)
PEM = r"[A-Z0-9 ]*(?:KEY|CERTIFICATE|REQUEST|MESSAGE|SIGNATURE|PARAMETERS|BLOCK|PKCS7|CRL)\b"
"""What a block in PEM may hold; a message of CMSSW begins with dashes, too."""

_RACK = r"[a-z]\d[a-z]\d{2}[-_.]\d{2}[-_.]\d{2}"
"""Where a machine stands at the experiment, as c2a06-03-01."""

_PART_OF_RACK = r"[a-z]\d[a-z]\d{2}(?:-\d{2})?\b"
"""The beginning of such a place, as srv-c2d05-12 has it."""

_LABELS = r"[a-z0-9][a-z0-9_-]*(?:\.[a-z0-9][a-z0-9_-]*)*"
_INSIDE = r"(?:cms|cern\.ch|cern|local|lan|internal|localdomain)"
_PATH = r"""(?:[^\s"'`()<>|;:,\[\]{}]|\{[^\s{}]*\})"""
_NAME = r"[a-z_][\w.-]*"
_DN = r"(?:DC|CN|OU|O|C|ST|L|UID|emailAddress)"
_AT = r"\s?(?:@|[\[({]\s?at\s?[\])}])\s?"
_DOT = r"(?:\.|\s?[\[({]\s?dot\s?[\])}]\s?)"

TABLE: dict[str, str] = {
    "pem": rf"(?i:-----\s?BEGIN {PEM}.*)",
    "subject": rf"(?:/{_DN}=[^/\"'\n]+){{2,}}|\b(?:{_DN}\s?=\s?[^,/\"'=]{{1,80}}[,/]\s?)+{_DN}\s?=\s?[^,/\"'\n]+",
    "origin": r"@SUB=\w[\w:<>,~]*",
    "header": r"""(?i:\b(?:(?:proxy-)?authorization|(?:set-)?cookie|x-[a-z-]*(?:token|key|auth|secret)[a-z-]*)["']?\s*[:=].*)""",
    "bearer": r"(?i:\b(?:bearer|basic|digest|negotiate)\s+[A-Za-z0-9+/=._~-]{6,})",
    "url": r"""(?i:\b[a-z][a-z0-9+.-]{1,20}://[^\s"'<>`]+)""",
    "option": (
        rf"(?i:\B--?[\w-]*(?:{SECRETS})[\w-]*(?:\s*=\s*|\s+){VALUE}|\bsshpass\s+-p\s*{VALUE}|\bidentified\s+by\s+{VALUE}"
        r"|\B-(?:u|-user)[\s=]+[^\s:]+:\S+|\bmysql\w*\s(?:\S+\s+){0,8}-p\S+|\b\w+/[^\s/@]+@\w+)"
    ),
    "labelled": (
        rf"(?i:[\w.-]*(?:{SECRETS})[\w-]*(?:\s+(?:for|of)\s+[\w.@-]+)?{GIVEN}{CALL}{VALUE}|\bpass(?:word|phrase)\s+(?:is|was)\s+\S+"
        rf"|[\w-]*(?:password|passphrase|secret)\s+{QUOTED})"
    ),
    "named": rf"(?i:(?:\b|_|\w+/)(?:auth|pass|pw){GIVEN}{CALL}{VALUE})",
    "spoken": r"(?i:\b(?:passw(?:or)?d|passphrase|pwd|pw|token|secret|credentials?)\s+[(\[\"']?[\w!@#$%^&*+=.:/-]{6,})",
    "environment": (
        r"\A\s*(?:\+\s*)?(?:(?i:export|declare\s+-\w+|setenv)\s+[A-Za-z_]\w*[=\s].*|[A-Z_][A-Z0-9_]{2,}(?:\(\)|%%)?=.*)"
        rf"""|(?:\b|export)[A-Z][A-Z0-9_]{{2,}}=(?:{QUOTED}|[^\s"']\S*)|["'][A-Z][A-Z0-9_]{{2,}}["']\s*:\s*{QUOTED}"""
    ),
    "format": (
        r"\b(?:gh[pousr]_|github_pat_|glpat-|xox[abprs]-|sk-|AKIA|ASIA|AIza|ya29\.|hf_|npm_|pypi-)[A-Za-z0-9_-]{10,}"
        r"|\beyJ[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]*)*"
    ),
    "ssh": (
        r"(?:\bssh-(?:rsa|dss|ed25519)|\becdsa-sha2-[\w-]+|\bsk-ssh-[\w@.-]+)\s+AAAA[A-Za-z0-9+/=]+(?:\s+\S+@\S+)?"
        r"|\b(?:SHA256|MD5):[A-Za-z0-9+/=:]{16,}"
    ),
    "email": (
        rf"(?:(?:\b[A-Z][\w'.-]*\s+){{1,4}}<)?(?i:[a-z0-9._%+-]+(?:\s?[\[({{]\s?dot\s?[\])}}]\s?[a-z0-9._%+-]+)*{_AT}[a-z0-9-]+(?:{_DOT}[a-z0-9-]+)*{_DOT}[a-z]{{2,12}}\b"
        r"|\b[a-z0-9._-]+ at [a-z0-9.-]+\.(?:ch|edu|gov|org|net|com|de|fr|it|uk|eu)\b"
        r"|\b[a-z0-9._-]+ at [a-z0-9-]+(?: dot [a-z0-9-]+)+\b)"
    ),
    "login": (
        rf"(?i:\b(?:ssh|scp|sftp|rsync)\s[^@\n]{{0,80}}\b{_NAME}@[a-z0-9.-]+"
        rf"|\b{_NAME}@(?:[a-z][a-z0-9]*(?:-[a-z0-9]+)*-{_RACK}|lxplus\w*|localhost)\b)"
    ),
    "mac": r"(?i:\b(?:[0-9a-f]{2}[:-]){5,19}[0-9a-f]{2}\b|\b[0-9a-f]{4}\.[0-9a-f]{4}\.[0-9a-f]{4}\b)",
    "ipv4": r"\b\d{1,3}(?:\.\d{1,3}){3}\b|(?i:\b(?:ip-\d{1,3}|10|128|137|172|188|192)(?:-\d{1,3}){3}\b)",
    "ipv6": r"(?i:(?:\b[0-9a-f]{1,4}:|\B::)[0-9a-f:.]*[0-9a-f:](?:%\w+)?)",
    "uuid": r"(?i:[0-9a-f]{8}[-_][0-9a-z]{4}[-_][0-9a-z]{4}[-_][0-9a-z]{4}[-_][0-9a-z]{12})",
    "pointer": r"(?i:\b0x[0-9a-f]{1,16}\b)",
    "hex": r"(?i:\b(?:0x)?[0-9a-f]{16,}\b)",
    "uid": r"(?i:\b(?:[ug]id|groups)=\d+(?:\([^\s()]*\))?(?:,\d+(?:\([^\s()]*\))?)*)",
    "listing": r"[bcdlps-]r[w-][xsS-](?:[r-][w-][xsStT-]){2}[.+@]?\s+\d+\s+\S+\s+\S+",
    "user": (
        rf"(?i:\b(?:user(?:[ _-]?name|id)?|logname|login|owner|account){GIVEN}{CALL}{VALUE}"
        rf"""|\b(?:for|by|as|of|invalid|from)\s+user\s+{_NAME}|\buser\s+["']{_NAME}["']"""
        rf"|\b(?:su|sudo)\s+-[ul]?\s+{_NAME}|\blogged\s+in\s+as\s+{_NAME})"
    ),
    "hostis": rf"(?i:\b\w*host(?:_?name)?{GIVEN}{CALL}{VALUE}|\b(?:to|from|on|of|at|unknown|resolve|reach|contact)\s+host(?:name)?\s+[\w.-]+)",
    "short": r"(?i:\bdqm[a-z]*-[a-z0-9]+-\.\.)",
    "host": (
        rf"(?i:[a-z][a-z0-9]*(?:-[a-z0-9]+)*-(?:{_RACK}(?:\.{_INSIDE}\b)?|{_PART_OF_RACK})|(?:\b|_){_RACK}(?:\b|_)|\b{_LABELS}\.{_INSIDE}\b"
        r"|\b(?:lxplus|vocms|lxbatch|aiadm|cmsrv)\w+|\bkvm-[\w-]+"
        r"|\b[a-z0-9-]+(?:\.[a-z0-9-]+)+\.(?:ch|gov|edu|org|net|com|de|fr|it|uk|eu|io)\b|\b[a-z0-9-]+\.(?:ch|gov|edu|org|net|com)\b)"
    ),
    "closing": r"</[A-Za-z][\w:.-]*>",
    "quoted": r"""["'`]~?/[^"'`\n/][^"'`\n]*["'`]""",
    "path": rf"\B/{_PATH}*[^\s\"'`()<>|;:,\[\]{{}}./]{_PATH}*|\B~[a-z_]?[\w-]*/{_PATH}*",
    "relative": r"[\w.+@%~$*-]+(?:/+[\w.+@%~$*-]+)+/?",
    "word": r"[A-Za-z0-9+_-]{20,}={0,2}",
}
"""The pattern of each rule; where two begin at the same place, the one that stands first here is taken."""

INNER = ("format", "email", "uuid", "hex", "mac", "ipv4", "short", "host", "word")
"""The rules for the parts of something that stay."""
