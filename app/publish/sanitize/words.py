"""Words that are not redacted as names of users, even if a user has that name."""

from __future__ import annotations

import builtins
import keyword
import sys
from pathlib import Path

_WORDS = """
about action active admin after again algo alignment all also analysis and any are array available backup barrel base batch
beam beampixel been begin being bin block board bool buffer build bus but bytes cache calib calibration calo can cannot castor
cell center central channel check class client clients close closed cluster cms cmsrun code collection common conditions
config configuration const core cosmic cosmics count cpu crash create csc ctpps current daemon data database date debug default
delete detector dev digi digis dir disk display done down dqm dqmtools dump during ecal element empty end endcap engine error
errors etc event events exception exit expected expert experts express extra failed false fed file files filter final finished first flag
float folder for found framework from full gem geometry global gpu group handle has have hcal hlt home host http https index
info init initial input instance integration int invalid job jobs json just key kind label last layer legacy length level
lhc lib light line list live load local lock log logs loop lumi magnetic main make map mask master max memory message min
missing mode model module modules monitor monitoring muon muons name names new next nfs nobody node none normal not nothing now null
number object off offline old one online only open operator operators option options other out output over package param parameter pass path
paths pedestal physics pipe pixel playback plot point pool port pps prefix preshower print private process product
production products prod program project public python queue quality random range rate raw read reader ready reco record
records release remote report reset response result results root rpc run running runs same sample scan scratch sector send
sequence server service services set setup shift shifter shm sistrip size skip skipped source sources src start started state
static station stats status step stop store stream string strip strips subsystem success summary support sync system table
tag task team temp template test tests text than that the then there these this thread threads time timeout times tmp token
total track tracker tracking tracks trigger true tune type types unable unit unknown unpacker until update upload use used
user users using valid value values var vector version vertex view wait waiting warning was when which while will with work
worker working write writer wrong xml year you zdc zero against mon tue wed thu fri sat sun
"""

COMMON = frozenset(_WORDS.split())
"""In lower case."""

_PROGRAMS = """
apache apptainer apt auditd autofs bash cern cmsdev cmsdqm cmsprod cmssw cmsusr cmsweb condor conda containerd cron crond csh curl
cvmfs dbus dcache dhcpd dim dmwm dnf docker dqmdev dqmpro eos etcd fedora firefox frontier ftp fts gcc gdb git github gitlab glexec
globus gmond grafana gridftp gunicorn hadoop haproxy hltd htcondor httpd influxdb java jenkins journald kafka kerberos kernel kinit
krb kubelet lcg ldap libvirt lsf lxplus mailman make mariadb mongod munge mysql mysqld nagios netdata nginx nobody nodejs nscd
nslcd ntpd nvidia openssl oracle perl php pilot podman polkitd postfix postgres postgresql prometheus puppet pytest qemu rabbitmq
redis root rpcbind rpm rsync rsyslogd rucio sched screen sendmail sge sgeadmin sh singularity slurm slurmd slurmctld smtp snmpd
splunk sqlite squid srm sshd sssd storm subversion sudo svn systemd tape tcsh telegraf tmux tomcat torque tty udev uwsgi uvicorn vim voms
nogroup shadow messagebus wlcg www xcache xdaemon xrootd yum zabbix zookeeper zsh
alcareco btag bx bxs ls castor cscs ctpps ebeam ecalcalib egamma ephemeral express gedphotons genie hcalcalib hltphysics jetmet l1t lumi minbias
metadata minimumbias muons nanodqm nanodqmio offline onlinebeam parking phase pixel pixellumi prompt pxl ramdisk rawdigi rechit rechits reco repack
scouting sim sistrip skim strips supercluster tau towers tracklet unpack upgrade zerobias
callback checksum codec config dataset datasets failover filename hostname namespace plugin plugins rollback runtime timestamp username workflow workflows
"""

_OF_CODE = """
alignas asio auto bool boost cfg char cest cet cmake constexpr cuda cxx daq dat decltype dst dynamic_cast edm eigen emtf enum explicit extern
fmt geant geant4 grpc gsl hepmc hpp http inline int16 int32 int64 int8 jsn json jsoncpp kwargs libc linux lxml debian ubuntu centos rhel alma
madgraph mutable mutex nlohmann noexcept nullptr numpy pandas pset py pybind11 pyroot pythia pythia8 powheg qt requests rvalue scipy sep
sizeof sqlalchemy srcs std stderr stdin stdout stl struct tbb tcp tensorflow torch typedef typename udp uint uint16 uint32 uint64 uint8 unsigned
untracked utc vdouble vint32 vpset vstring wchar werkzeug xerces xml yaml zlib msg runkey sourceclient
beamspot bril btl conddb ecalgpu etl fakebeammonitor hcalgpu hgcal l1tmonitor l1tstage2 mtd onlinebeammonitor roc rpcmonitordigi scal ttc uhtr
"""
_OF_PYTHON = {word.lower() for word in (*keyword.kwlist, *dir(builtins), *sys.stdlib_module_names)}

PROGRAMS = frozenset(_PROGRAMS.split()) | frozenset(_OF_CODE.split()) | _OF_PYTHON
"""Programs, accounts of services, words of CMS, and types, keywords and libraries of Python and C++, in lower case."""

_ENGLISH = Path(__file__).parent / "data" / "english_words.txt"

ENGLISH = frozenset(word for line in _ENGLISH.read_text(encoding="ascii").splitlines() if not line.startswith("#") for word in line.split())
"""Common English words, in lower case."""


def is_ordinary(word: str) -> bool:
    """Whether a word in lower case is one of a language or of software, so that alone it names nobody."""
    return word in COMMON or word in PROGRAMS or word in ENGLISH
