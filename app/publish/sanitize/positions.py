"""Names of people and hosts by their position: `sudo: jdoe : TTY=pts/0`, `submitted by jdoe`, lines of ps, who and batch systems.

A form is one pattern. Its groups tell what stands there; all other rules are applied to the text around them:

    user, other     name of an account, also if it is an English word
    name            word that is an account unless it is an ordinary word, as after `submitted by`
    person          name of a person, or another text, as a whole
    host            name of a host
    machine         word that is a host if it has a digit, a dash or a dot, as after `ssh`
"""

from __future__ import annotations

import re

import re2

from app.publish.sanitize.addresses import is_silent
from app.publish.sanitize.parts import Part, Parts, ReadRest, Unread, host_secret, is_pseudonym
from app.publish.sanitize.pseudonyms import Login, Secret
from app.publish.sanitize.words import COMMON, PROGRAMS, is_ordinary

_USER = r"[A-Za-z_][\w.-]*[\w$]"
_WORD = r"[a-z][a-z0-9_-]+[a-z0-9]"
_PERSON = r"[A-Z][\w'.-]*(?:\s(?:[a-z]{2,3}\s)?[A-Z][\w'.-]*){0,3}|[a-z_][\w.-]*\w"
_FULL_NAME = r"[A-Z][a-z'-]+\b(?:\s(?:[a-z]{2,3}\s)?[A-Z][a-z'-]+\b){0,3}"
_NAMES = _FULL_NAME.replace("{0,3}", "{1,3}")
_HOST = r"[A-Za-z0-9][\w.-]*\w"
MAX_NAME_LENGTH = 255
"""Longer words are no names: hosts have at most 253 characters, accounts 32."""

_CLOCK = r"\d\d:\d\d"
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
_TERMINAL = r"(?:\?|pts/\d+|tty\w+|console|:\d+)"
_OPTIONS = r"(?:-\S+\s+(?:\d+\s+)?)*"
_ARGUMENTS = r"(?:\S+\s+)*?"

_LOG_LINES = (
    rf"\A{_MONTH}\s+\d+\s{_CLOCK}:\d\d\s(?P<host>{_HOST})\s[\w./()-]+(?:\[\d+\])?:\s",
    rf"\A\d{{4}}-\d\d-\d\dT{_CLOCK}:\d\d[\d.:+Z-]*\s(?P<host>{_HOST})\s[\w./()-]+\[\d+\]:\s",
    rf"\bsudo(?:\[\d+\])?:\s+(?P<user>{_USER})\s:\s",
    rf"(?i:\bcron[\w/]*\[\d+\]:\s)\(\s?(?P<user>{_USER})\s?\)\s",
    rf"(?i:\b(?:accepted|failed|postponed)\s[\w/-]+\sfor\s(?:invalid\suser\s|user\s)?(?P<user>{_USER})\sfrom\s)",
    rf"(?i:\b(?:authenticating|disconnected\sfrom|removed\ssession\s\w+\sof|starting\ssession:\s\w+(?:\son\s\S+)?\sfor)\s(?:user\s)?(?P<user>{_USER})\s)",
    rf"\b(?:user|by|for|from|of|as)\s+(?P<user>{_USER})\([ug]id=\d+\)",
    rf"\bgetpw\w+\(['\"]?(?P<user>{_USER})['\"]?\)",
    rf"\b[UG]id:\s*\(\s*\d+/\s*(?P<user>{_USER})\)",
    rf"\s-\s(?P<user>{_USER})\s\[\d\d/{_MONTH}/\d{{4}}:",
    rf"\A(?P<user>{_USER}):[x*!]:\d+:\d+:(?P<person>[^:]*):",
    rf"\b(?:User|Group)Id=(?P<user>{_USER})\(\d+\)",
    rf"(?i:\bfor\s)(?P<user>{_USER})\sfrom\s\d+(?:\.\d+){{3}}\b",
    rf"(?i:\bsession\s\w+\sfor\suser\s)(?P<user>{_USER})",
    rf"\bUser\s(?:Slice|Manager|Runtime\s\w+)\s(?:of|for)\s(?:user\s|UID\s)?(?P<user>{_USER})",
    rf"\(to\s(?P<other>{_USER})\)\s(?P<user>{_USER})\son\s",
    rf"\bpasswd\[\d+\]:\s.*\sfor\s(?P<user>{_USER})$",
    rf"\A331\s.*\sfor\s(?P<user>{_USER})",
    rf"(?:\b(?P<user>[a-z]\w+)\.\d+|\B\?):\d+@(?P<host>{_HOST})",  # the name of a client of XRootD
    rf"(?:\A|\[|\s)(?P<user>{_USER})@(?P<host>{_HOST})(?::[~/]\S*[$#>%]|\s[~/\w.-]+\][$#>%])",  # a prompt
    rf"\*\*\*\s(?:JOB|STEP)\s[\d.]+\sON\s(?P<host>{_HOST})\s|\bsrun:\serror:\s(?P<machine>{_HOST}):\s",
    r"\b\d{6}_\d{6}:(?P<user>[a-z][a-z0-9]*)_",  # a task of CRAB
    rf"\A(?:\[?{_CLOCK}(?::\d\d)?\]?\s)<(?P<name>{_WORD})>\s",  # chat
    rf"(?i:\buser)\s?<(?P<user>{_USER})>",
    rf"\A\((?P<user>{_USER})\)\s[A-Z]{{3,}}\b(?:\sEDIT\s\((?P<other>{_USER})\))?",
)
_LISTS = (
    rf"\A\s*(?P<user>{_USER}\+?)\s+\d+\s+\d+\.\d\s+\d+\.\d\s+\d+\s+\d+\s",  # ps aux
    rf"\A\s*(?P<user>{_USER}\+?)\s+\d+\s+\d+\s+\d+\s+(?:{_CLOCK}|{_MONTH}\s?\d\d|\d{{4}})\s+{_TERMINAL}\s",  # ps -ef
    rf"\A\s*\d+\s+(?P<user>{_USER}\+?)\s+{_TERMINAL}\s",  # ps -o pid,user,tty
    rf"\A\s*\d+\s+(?P<user>{_USER}\+?)\s+(?:-?\d+|rt)\s+-?\d+\s+\S+\s+\S+\s+\S+\s+[RSDZTIt]\s+\d",  # top
    rf"\A(?P<user>{_USER})\s+{_TERMINAL}\s+\d{{4}}-\d\d-\d\d\s{_CLOCK}(?:\s+\((?P<host>{_HOST})\))?",  # who
    rf"\A(?P<user>{_USER})\s+{_TERMINAL}\s+(?P<machine>{_HOST})\s+(?:\w{{3}}\s{_MONTH}|{_CLOCK})",  # last, w
    rf"\A(?P<user>{_USER})\s+{_TERMINAL}\s+(?:-\s+|\w{{3}}\s{_MONTH}\s|{_CLOCK}\s)",
    rf"\A\S+\s+\d+\s+(?P<user>{_USER})\s+(?:cwd|rtd|txt|mem|DEL|\d+[urwRW]*)\s+(?:DIR|REG|CHR|IPv\d|unix|FIFO|sock)\b",  # lsof
    rf"\A\s*\d+(?:_\S+)?\s+\S+\s+\S+\s+(?P<user>{_USER})\s+(?:PD|R|CG|CD|F|TO|S|CA)\s+[\d:-]+\s+\d+\s",  # squeue
    rf"\A\d\S*\s+\S+\s+(?:\S+\s+)?(?P<user>{_USER})\s+\d+\s+(?:COMPLETED|FAILED|CANCELLED|TIMEOUT|RUNNING|PENDING|OUT_OF_ME)",  # sacct
    rf"\A\s*\d+\s+\d\.\d{{5}}\s+\S+\s+(?P<user>{_USER})\s+\w{{1,4}}\s+\d\d/\d\d/\d{{4}}",  # qstat of Grid Engine
    rf"\A\d+(?:\[\d*\])?\.(?P<host>{_HOST})\s+\S+\s+(?P<user>{_USER})\s+\S+\s+[QRECHW]\s",  # qstat of PBS
    rf"\A\s*\d+\s+(?P<user>{_USER})\s+(?:RUN|PEND|DONE|EXIT|SSUSP|USUSP|PSUSP|UNKWN|ZOMBI)\s",  # bjobs
    rf"\A(?P<user>{_USER})\s+(?:ID|CMD|BATCH):\s",  # condor_q
    rf"\A\d+\s+\w{{3}}\s{_MONTH}\s+\d+\s[\d:]+\s\d{{4}}\s[a-zA-Z=]\s(?P<user>{_USER})$",  # atq
    rf"\A\s*c?\d+\s+\d{{4,}}\s+(?P<user>{_USER})\s+(?:seat\d+|pts/\d+|tty\d+)\b",  # loginctl
    rf"\Ar\d+\s\|\s(?P<user>{_USER})\s\|",  # svn log
    rf"\A\^?[0-9a-f]{{7,40}}\s(?:\S+\s+)?\((?P<person>{_PERSON})\s+\d{{4}}-\d\d-\d\d\s{_CLOCK}",  # git blame
    rf"\A\s*\d+\.\d+\s+(?P<user>{_USER})\s+\d+/\d+\s+{_CLOCK}\s",
)
_VERBS = (
    "submitted|requested|approved|owned|launched|started|restarted|stopped|cancell?ed|killed|held|released|locked|unlocked|uploaded|edited"
    "|modified|changed|created|deleted|removed|renamed|reported|signed|signed off|acknowledged|reserved|booked|taken|reviewed|merged|committed|opened|pushed|posted|filed|deployed|installed|initiated|performed"
    "|resolved|confirmed|rejected|declined|paused|resumed|suspended|enabled|disabled|configured"
)
_SENTENCES = (
    rf"\b(?i:(?:{_VERBS})\s+by)\s+(?:(?i:user)\s+)?['\"]?(?:(?P<person>{_NAMES})|(?P<name>{_WORD})\b[.:(/]?)",
    rf"\b(?i:assigned\s+to|on\s+behalf\s+of|belongs\s+to|impersonating|mapped\s+to|known\s+as)\s+(?:(?i:user)\s+)?['\"]?(?P<name>{_WORD})\b[.:(/]?",
    rf"\b(?i:user|account|login)\s+['\"]?(?P<name>{_WORD})['\"]?\s+(?i:is|was|does|has|had|not|cannot|could|may|must|from|at|on|logged|denied|rejected|exceeded|unknown|in\s+group)\b",
    rf"\b(?i:by|for|as|of|from)\s+(?i:user)\s+(?P<name>{_WORD})\b",
    rf"\bUser\s(?P<name>{_WORD})$",
    rf"\b(?i:comment|note|message|question|request)\s(?:of|by|from)\s(?P<name>{_WORD})\b",
    rf"\b(?i:owner|user|author|submitter|operator|shifter)\s(?:is|was)\s(?P<name>{_WORD})\b",
    rf"\b(?:Dear|Hi|Hello|by\suser|on\sbehalf\sof)\s(?P<person>{_FULL_NAME})",
    rf"(?:\AFrom|\bName):\s+(?P<person>{_FULL_NAME})",
    rf"(?i:\b(?:given|family|full|display|first|last|real|sur|nick)[ _-]?name[\"']?\s*[:=]\s*)[\"']?(?P<person>{_FULL_NAME}|{_USER})",
    rf"(?i:\bprincipal)\s['\"]?(?P<name>{_WORD})\b(?:@[\w.]+)?",
    rf"#\d+\s(?i:by)\s(?P<name>{_WORD})\b",
    rf"\b\s@(?P<name>{_WORD})\b",
    rf"\b(?i:no\s+such\s+user|unknown\s+user|invalid\s+user|bad\s+user|no\s+passwd\s+entry\s+for)\s*:?\s+(?:user\s+)?['\"]?(?P<user>{_USER})",
    rf"\b(?:id|su|chown|finger|groups|sudo|usermod|kinit|chage):\s(?:user\s)?['\"]?(?P<user>{_USER})['\"]?:?\s(?i:no\s+such\s+user|unknown|not\s+found)\b",
    rf"\A\s*(?P<user>{_USER})\s+is\s+not\s+in\s+the\s+sudoers\b",
    rf"(?i:\bpassword\s+for\s+)(?P<user>{_USER})\s?:",
    rf"(?i:\b(?:author|submitter|submitted[ _-]by|committer|assignee|request[oe]r|responsible|(?:created|modified|approved)[ _-]by|signed-off-by|shift(?:er|[ _-]leader))\s*[:=])\s*['\"]?(?P<person>{_PERSON})",
)
_COMMANDS = (
    rf"\bssh\s{_ARGUMENTS}-l\s*(?P<user>{_USER})",
    rf"\b(?:ps|squeue|scancel|sacct|qstat|qdel|bjobs|bkill|pkill|pgrep|crontab|top|lsof|sudo|runuser|loginctl|mysql|psql|bpeek|sshfs|docker|podman|chroot)\s{_ARGUMENTS}-[uU]\s*(?P<user>{_USER})",
    rf"\bsetfacl\s{_ARGUMENTS}u:(?P<user>{_USER}):",
    rf"\B--(?:user(?:-?name)?|owner|login|uid)(?:\s+|=)(?P<user>{_USER})",
    rf"\b(?:kinit|klog|useradd|userdel|usermod|finger|chage|condor_q|condor_rm|su|getent\s+passwd|sudo\s+-i?u|su\s+-)\s+{_OPTIONS}(?P<name>{_WORD})\b",
    rf"\bchown\s+{_OPTIONS}(?P<user>{_USER})(?::(?P<other>{_USER}))?\s",
)
_HOSTS = (
    rf"\b(?:ssh|ping6?|telnet|traceroute|nslookup|mosh|rlogin)\s+{_OPTIONS}(?P<machine>{_HOST})",
    rf"\b(?i:(?:connection|connecting|connect|connected|disconnected|login)\s+(?:to|from|with))\s+(?P<machine>{_HOST})(?:\s+(?:closed|port|timed|refused|failed|lost)\b|:\d{{2,5}}\b)",
    rf"\b(?i:from|on|to|at)\s+(?P<machine>{_HOST})\s+port\s+\d",
    rf"\b(?i:(?:node|exec_?host|batchhost|remote_?host|req_?node|exc_?node|alloc_?node)_?(?:list|name)?\s?=)\s?(?P<machine>{_HOST})",
    r"\b(?i:of|from|to|mount|mounting|server|rsync|scp|on|at)\s+(?P<machine>[a-z][a-z-]+\d[a-z0-9-]*):/[a-z]",
)

_ATTRIBUTES = (
    rf"(?i:\b(?:\w+_upn|upn|\w+_username|targetusername|subjectusername|account\s+name|login\s+name|acct|sub)[\"']?\s*[:=]\s*[\"']?)(?P<user>{_USER})",
    rf"\buid=(?P<user>{_USER}),",  # LDAP
    rf"\bname\snot\sfound:\s['\"](?P<user>{_USER})['\"]",
    rf"\b(?i:succeeds|aklog|exceeded|password|su)\sfor\s['\"]?(?P<name>{_WORD})['\"]?\s(?:by|failed|changed|\()",
    rf"\(user\s(?P<user>{_USER})\)|\buser=<(?P<other>{_USER})>",
    rf"\b(?:imap|pop3|lda)\((?P<user>{_USER})\)",
    rf"\|(?P<name>{_WORD})\|(?:COMPLETED|FAILED|CANCELLED|TIMEOUT|RUNNING|PENDING)\b",
    rf"\bpull\srequest\s#\d+\sfrom\s(?P<name>{_WORD})/|\[new\sbranch\]\s+\S+\s+->\s(?P<other>{_WORD})/",
    rf"(?i:\bco-authored-by:|@author)\s+(?P<person>{_PERSON})",
    rf"\b(?:TODO|FIXME)\((?P<name>{_WORD})\)",
    rf"\$Id:\s[^$]*\s(?P<user>{_USER})\sExp\s\$",
    r"\b(?P<person>S-1-5-21(?:-\d+){3,4})\b",  # an account of Windows
    r"\bCRAB_(?P<user>[a-z][a-z0-9]+)_",
    r"\buser\.(?P<name>[a-z][a-z0-9]+):\w",  # a scope of Rucio
    rf"\bghcr\.io/(?P<name>{_WORD})/",
    rf"\bby\s(?P<name>{_WORD})\sat\s\d\d:|\bTASK\sowner\s(?P<other>{_USER})",
    rf"(?i:\b(?:ask|contact|regards,|call:))\s(?P<person>{_NAMES})",
)
_MACHINES = (
    rf"\bHost\s(?P<machine>{_HOST})\s(?:is|was)\s(?:down|up|unreachable|alive|dead)\b",
    rf"\b(?i:connected\sto)\s(?P<machine>{_HOST})\s\(",
    rf"\bslot\d+(?:_\d+)?@(?P<machine>{_HOST})",
    rf"\bping6?:\s(?P<machine>{_HOST}):\s",
    rf"\b(?i:job\s(?:started|running|runs|ran)\s(?:at|on))\s(?P<machine>{_HOST})",
    rf"\b(?:rsync|scp)\s{_ARGUMENTS}(?P<machine>{_HOST}):{{1,2}}[/~\w]",
)

POSITIONS = (*_LOG_LINES, *_LISTS, *_SENTENCES, *_COMMANDS, *_HOSTS, *_ATTRIBUTES, *_MACHINES)

PATTERN = "|".join(re.sub(r"\(\?P<\w+>", "(?:", form) for form in POSITIONS)
"""Any of the forms, without groups."""

_FORMS = [re2.compile(form) for form in POSITIONS]
_MACHINE = re2.compile(r"[A-Za-z].*[\d.-].*")
_DATE = re2.compile(r"\d{4}-\d\d-\d\d.*|\w{3}")


def replace_position(text: str, read_rest: ReadRest) -> Parts | None:
    """The names in a text of one of the forms; None if all of them are ordinary words."""
    match = next((match for form in _FORMS if (match := form.fullmatch(text))), None)
    if match is None:
        return None
    parts: list[Part] = []
    at = 0
    for group, number in sorted(match.re.groupindex.items(), key=lambda item: item[1]):
        start, end = match.span(number)
        part = _part(group, match[number] or "", text[end:])
        if part is not None:
            parts += [Unread(text[at:start]), part]
            at = end
    return (*parts, Unread(text[at:])) if parts else None


def _part(group: str, value: str, after: str) -> Part | None:
    """The secret in place of the value of a group; None if the value says nothing."""
    if not value or is_pseudonym(value) or ".." in value or (len(value) > MAX_NAME_LENGTH and group != "person"):
        return None
    word = value.lower().rstrip("+")
    if group in ("host", "machine"):
        return _host_part(group, value)
    if group == "name" and (is_ordinary(word) or after.endswith((":", "(", "/"))):
        return None
    if word in COMMON or word in PROGRAMS or (group == "person" and is_ordinary(word.partition(" ")[0])):
        return None
    return (Login if group in ("user", "other") else Secret)("user", word)


def _host_part(group: str, value: str) -> Part | None:
    is_word = is_ordinary(value.lower().rstrip("0123456789"))
    if is_word or is_silent(value) or _DATE.fullmatch(value) or (group == "machine" and not _MACHINE.fullmatch(value)):
        return None
    return host_secret(value)
