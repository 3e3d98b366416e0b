# Starts Grid Engine on one node, as the first process of a namespace.
set -eu
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C SGE_ROOT=/var/lib/gridengine SGE_CELL=default
hostname node
ip link set lo up
ip addr add 10.1.1.1/32 dev lo # it refuses hosts with the address of the loopback
printf '10.1.1.1 node\n127.0.0.1 localhost\n' > /etc/hosts
id tester > /dev/null 2>&1 || useradd -m tester
echo node > $SGE_ROOT/default/common/act_qmaster
[ -d /var/spool/gridengine.new ] || cp -a /var/spool/gridengine /var/spool/gridengine.new
rm -rf /var/spool/gridengine $SGE_ROOT/default/common/accounting
cp -a /var/spool/gridengine.new /var/spool/gridengine
sge_qmaster
until qhost > /dev/null 2>&1; do sleep 0.2; done
qconf -ah node || true
qconf -as node
qconf -am root || true
sge_execd
qconf -sconf | sed 's/accounting_flush_time=[0-9:]*/accounting_flush_time=00:00:01/; s/^\(reporting_params .*\)/\1/' > /tmp/global
qconf -Mconf /tmp/global
qconf -ssconf | sed 's/^schedule_interval .*/schedule_interval 0:0:1/' > /tmp/scheduler
qconf -Msconf /tmp/scheduler
cat > /tmp/queue <<QUEUE
qname main.q
hostlist node
seq_no 0
load_thresholds NONE
suspend_thresholds NONE
nsuspend 1
suspend_interval 00:05:00
priority 0
min_cpu_interval 00:05:00
processors UNDEFINED
qtype BATCH INTERACTIVE
ckpt_list NONE
pe_list NONE
rerun FALSE
slots 4
tmpdir /tmp
shell /bin/sh
prolog NONE
epilog NONE
shell_start_mode posix_compliant
starter_method NONE
suspend_method NONE
resume_method NONE
terminate_method NONE
notify 00:00:60
owner_list NONE
user_lists NONE
xuser_lists NONE
subordinate_list NONE
complex_values NONE
projects NONE
xprojects NONE
calendar NONE
initial_state default
QUEUE
for limit in rt cpu fsize data stack core rss vmem; do printf 's_%s INFINITY\nh_%s INFINITY\n' $limit $limit; done >> /tmp/queue
qconf -Aq /tmp/queue
touch /ready
while :; do wait; sleep 1; done # the first process of a namespace takes the children of ended ones
