"""Messages for the tests of single channels."""

from __future__ import annotations

from app.notify.messages import Message

CRASH = Message(
    "crash-0123456789abcdef0123",
    "crash",
    "production",
    358792,
    "beam crashed in run 358792",
    "Exit code 139 SIGSEGV, on dqmfu-c2b03-45-01",
    1663150600.0,
    "https://dqm.cern.ch/hub/square/job?key=a",
    "https://dqm.cern.ch/hub/events/5e1f",
)
HOSTILE = CRASH._replace(
    title="beam\r\nBcc: all@cern.ch \"<alarm talk='x'>&amp;]]> é\u2028 crashed",
    text='</alarm></CommandSequence>","kind":"run-end"\r\n.\r\nQUIT',
)
