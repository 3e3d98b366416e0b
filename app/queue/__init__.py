"""Background jobs and periodic tasks. Each job is a database row: arguments, state, lease owner and end, progress, error.

The message queue carries only the id of a row. A consumer claims the row by a guarded UPDATE and renews its lease
while the handler runs. When a process is killed, the lease of its job ends, and `sweep` sends the job again, as it
does for every free job without a message. So no job is lost, and none runs twice at the same time; but a job may run
again from the start, so handlers are idempotent. The clocks of several hosts must agree to much better than
`job_lease_s`.

models: the table of jobs and the errors; queues: the messages of huey; execution: running one job;
store: enqueue, cancel, retry, count; periodic: periodic tasks, with a docstring that explains them.
"""
