"""Words of the dangerous commands: each is named with the object that it ends, interrupts or deletes."""

from __future__ import annotations

from app.control.arguments import Args
from app.control.impact import find_job
from app.control.specs import CommandSpec, Impact
from app.square.clients import client_name


def restart_hltd(args: Args) -> str:
    """The host whose clients end."""
    return f"Restart hltd on {args['host']}"


def restart_dqm_tools(args: Args) -> str:
    """The host that does not respond meanwhile."""
    return f"Restart the DQM tools on {args['host']}"


def kill_job(args: Args) -> str:
    """The client, its process and its host."""
    job = find_job(args)
    return f"Kill {client_name(job.tag)} (process {job.pid}) on {job.host}" if job else f"Kill {args['key']}"


def delete_run_data(args: Args) -> str:
    """The run and its system."""
    return f"Delete data of run {args['run']} ({args['system']}) at P5"


def submit_label(spec: CommandSpec, args: Args, impact: Impact) -> str:
    """Text of the button that submits a command; that of a dangerous one names its object and counts what it ends or deletes."""
    if spec.danger is None:
        return spec.title if spec.changes else "Query P5"
    effects = [spec.danger(args)]
    if impact.jobs or spec.ends:
        effects.append(f"{_count(len(impact.jobs), 'job')} will stop")
    if impact.documents:
        effects.append(f"{_count(sum(impact.documents.values()), 'document')} will be deleted")
    return ", ".join(effects)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'s' if number != 1 else ''}"
