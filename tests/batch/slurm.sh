# Starts Slurm on one node, with accounting, as the first process of a namespace.
set -eu
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C
hostname node; ip link set lo up; ip addr add 10.1.1.1/32 dev lo; echo "127.0.0.1 localhost node" > /etc/hosts
mkdir -p /etc/slurm /run/munge /run/mysqld /var/log/slurm /var/spool/slurmctld /var/spool/slurmd
rm -rf /var/spool/slurmctld/* /run/munge/*
[ -s /etc/munge/munge.key ] || head -c 1024 /dev/urandom > /etc/munge/munge.key
chown -R munge:munge /etc/munge /run/munge /var/log/munge /var/lib/munge; chmod 400 /etc/munge/munge.key; chmod 755 /run/munge
chown -R slurm:slurm /var/log/slurm /var/spool/slurmctld; chown mysql:mysql /run/mysqld
as() { user=$1; shift; setpriv --reuid "$user" --regid "$user" --clear-groups "$@"; }
as munge munged -F > /var/log/munged.out 2>&1 &
mariadbd --user=mysql --skip-networking --innodb-buffer-pool-size=64M --socket=/run/mysqld/mysqld.sock > /var/log/mariadb.out 2>&1 &
until mariadb -e 'select 1' > /dev/null 2>&1; do sleep 0.2; done
mariadb -e "drop database if exists slurm_acct_db; create database slurm_acct_db; create user if not exists slurm@localhost identified by 'x'; grant all on slurm_acct_db.* to slurm@localhost"
cat > /etc/slurm/slurmdbd.conf <<C
AuthType=auth/munge
DbdHost=localhost
SlurmUser=slurm
StorageType=accounting_storage/mysql
StorageHost=localhost
StorageUser=slurm
StoragePass=x
StorageLoc=slurm_acct_db
PidFile=/run/slurmdbd.pid
LogFile=/var/log/slurm/slurmdbd.log
C
chown slurm:slurm /etc/slurm/slurmdbd.conf; chmod 600 /etc/slurm/slurmdbd.conf
cat > /etc/slurm/slurm.conf <<C
ClusterName=test
SlurmctldHost=node(127.0.0.1)
AuthType=auth/munge
SlurmUser=slurm
StateSaveLocation=/var/spool/slurmctld
SlurmdSpoolDir=/var/spool/slurmd
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=5
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=localhost
SlurmctldPidFile=/run/slurmctld.pid
SlurmdPidFile=/run/slurmd.pid
SlurmctldLogFile=/var/log/slurm/slurmctld.log
SlurmdLogFile=/var/log/slurm/slurmd.log
SchedulerParameters=sched_interval=1,batch_sched_delay=0
InactiveLimit=0
KillWait=2
MinJobAge=300
ReturnToService=2
SlurmdParameters=config_overrides
NodeName=node NodeAddr=127.0.0.1 CPUs=4 State=UNKNOWN
PartitionName=debug Nodes=node Default=YES MaxTime=INFINITE State=UP OverSubscribe=YES
C
printf 'CgroupAutomount=no\nCgroupPlugin=cgroup/v1\n' > /etc/slurm/cgroup.conf
as slurm slurmdbd -D > /var/log/slurm/dbd.out 2>&1 &
# It answers only when it has made its tables.
until sacctmgr -n show cluster > /dev/null 2>&1; do sleep 0.2; done
sacctmgr -i add cluster test
as slurm slurmctld -D > /var/log/slurm/ctld.out 2>&1 &
slurmd -D > /var/log/slurm/d.out 2>&1 &
id tester > /dev/null 2>&1 || useradd -m tester
until sinfo -h | grep -q idle; do sleep 0.2; done
# Accounting takes what ends from some moment on, which nothing names: jobs of root are run until it has one.
cd /root
until sacct -n -X -u root -S now-1hour -o State | grep -q COMPLETED; do
    sbatch -J ready -o /dev/null --wrap true
    sleep 0.5
done
touch /ready
while :; do wait; sleep 1; done # the first process of a namespace takes the children of ended ones
