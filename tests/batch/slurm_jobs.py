"""Jobs of Slurm whose ends are known, and the rows of the diary that they must have."""

from __future__ import annotations

ODD = "a|b  c\nof é two lines"
JOBS = f"""
mkdir -p out
submit() {{ name=$1; shift; sbatch --parsable -J "$name" "$@"; }}
submit good -o "/tmp/%x of %j.out" --wrap "echo hello; exit 0"
bad=$(submit bad --wrap "exit 7")
submit crash --wrap 'kill -SEGV $$'
submit long --wrap "sleep 1000000"
submit never --dependency=afterok:$bad --wrap true
submit array -o "out/%A-%3a.txt" -e %x.%u.%j --array=1-5:2%2 --wrap 'echo hello; exit $SLURM_ARRAY_TASK_ID'
submit waiting --hold --wrap true
submit "{ODD}" --wrap true
submit again --wrap "sleep 1000000"
submit nowhere -o /no/such/folder/x --wrap true
"""

ENDED = {
    "good": ("done", 0, None, 0),
    "bad": ("failed", 7, None, 0),
    "crash": ("failed", None, 11, 0),
    "never": ("held", None, None, 0),
    "array 1": ("failed", 1, None, 0),
    "array 3": ("failed", 3, None, 0),
    "array 5": ("failed", 5, None, 0),
    ODD: ("done", 0, None, 0),
    "nowhere": ("failed", None, None, 0),
}
"""State, exit code, signal and attempts, by what the jobs do."""
FIRST = ENDED | {
    "long": ("running", None, None, 0),
    "waiting": ("held", None, None, 0),
    "again": ("running", None, None, 0),
}
LAST = ENDED | {
    "long": ("cancelled", None, None, 0),
    "waiting": ("cancelled", None, None, 0),
    "again": ("pending", None, None, 2),
}
