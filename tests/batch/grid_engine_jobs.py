"""Jobs of Grid Engine whose ends are known, and the rows of the diary that they must have."""

from __future__ import annotations

JOBS = """
submit() { name=$1; script=$2; shift 2; echo "$script" | qsub -terse -N "$name" "$@"; }
mkdir -p "co:lon dir"
submit good "echo hello; exit 0" -o '/tmp/$JOB_NAME of $JOB_ID.out' -j y
submit bad "exit 7"
submit crash 'kill -SEGV $$'
submit child 'sh -c "kill -SEGV \\$\\$"; exit $?'
first=$(submit long "sleep 1000000")
submit never true -hold_jid $first
submit array 'exit $SGE_TASK_ID' -t 1-5:2
submit waiting true -h
submit waitingarray true -h -t 2-4:2
submit nowhere true -wd /no/such/folder
submit "a|b<&x" true
cd "co:lon dir"
submit colon "sleep 1000000" -cwd
until [ -s $SGE_ROOT/default/common/accounting ]; do sleep 0.2; done
"""

ENDED = {
    "good": ("done", 0, None, 0),
    "bad": ("failed", 7, None, 0),
    "crash": ("failed", 139, 11, 0),
    "child": ("failed", 139, 11, 0),
    "array 1": ("failed", 1, None, 0),
    "array 3": ("failed", 3, None, 0),
    "array 5": ("failed", 5, None, 0),
    "a|b<&x": ("done", 0, None, 0),
}
"""State, exit code, signal and attempts, by what the jobs do."""
FIRST = ENDED | {
    "long": ("running", None, None, 0),
    "never": ("held", None, None, 0),
    "waiting": ("held", None, None, 0),
    "waitingarray 2": ("held", None, None, 0),
    "waitingarray 4": ("held", None, None, 0),
    "nowhere": ("held", None, None, 0),
    "colon": ("running", None, None, 0),
}
LAST = FIRST | {
    "waiting": ("cancelled", None, None, 0),
    "waitingarray 2": ("cancelled", None, None, 0),
    "waitingarray 4": ("cancelled", None, None, 0),
    "colon": ("failed", 137, 9, 0),
}
"""Accounting does not say who ended a running job: one that is deleted died of the signal 9."""
