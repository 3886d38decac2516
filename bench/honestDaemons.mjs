// Servers, each with a load from a client beside it. All listen on the loopback of a network namespace of their own.
// `served PORT` waits for a server, `stopped PID` ends it and prints how it ended, `as USER` starts a server of root as that user.

import { AB } from './honestWeb.mjs';

/** Opens all connections first, then talks on each, and counts the good answers. */
const CLIENTS = `import asyncio, struct, sys
kind, port, many = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
text = lambda s: struct.pack(">H", len(s)) + s
async def mqtt(r, w, n):
    body = text(b"MQTT") + b"\\x04\\x02\\x00\\x3c" + text(b"c%d" % n)
    w.write(b"\\x10" + bytes([len(body)]) + body)
    if (await r.readexactly(4))[:2] != b"\\x20\\x02": raise Exception("not let in")
    topic = text(b"t%d" % n)
    w.write(b"\\x82" + bytes([len(topic) + 3]) + b"\\x00\\x01" + topic + b"\\x00")
    await r.readexactly(5)
    yield True
    w.write(b"\\x30" + bytes([len(topic) + 2]) + topic + b"hi")
    yield (await r.readexactly(len(topic) + 4))[-2:] == b"hi"
async def lines(r, w, said, wanted):
    for ask, answer in zip(said, wanted):
        w.write(ask); got = b""
        while not got.endswith(answer):
            part = await r.read(4096)
            if not part: return False
            got += part
    return True
async def one(kind, n, opened, go):
    r, w = await asyncio.open_connection("127.0.0.1", port)
    if kind == "mqtt":
        talk = mqtt(r, w, n)
        ok = await talk.__anext__(); opened(); await go.wait()
        return ok and await talk.__anext__()
    if kind == "nats": await r.readline()
    opened(); await go.wait()
    k = b"k%d" % n
    if kind == "memcached": return await lines(r, w, [b"set " + k + b" 0 0 2\\r\\nhi\\r\\n", b"get " + k + b"\\r\\n"] * 5, [b"STORED\\r\\n", b"END\\r\\n"] * 5)
    if kind == "beanstalkd": return await lines(r, w, [b"put 0 0 9 2\\r\\nhi\\r\\n", b"reserve\\r\\n"], [b"\\r\\n", b"hi\\r\\n"])
    if kind == "nats": return await lines(r, w, [b'CONNECT {"verbose":false}\\r\\nSUB ' + k + b" 1\\r\\nPUB " + k + b" 2\\r\\nhi\\r\\nPING\\r\\n"], [b"PONG\\r\\n"])
    if kind == "stomp": return await lines(r, w, [b"CONNECT\\naccept-version:1.2\\nhost:x\\n\\n\\0", b"SUBSCRIBE\\nid:0\\nreceipt:1\\ndestination:/queue/" + k + b"\\n\\n\\0", b"SEND\\ndestination:/queue/" + k + b"\\n\\nhi\\0"], [b"\\0\\n"] * 3)
    if kind == "imap": return await lines(r, w, [b"", b"a CAPABILITY\\r\\n", b"b LOGOUT\\r\\n"], [b"\\r\\n"] * 3)
    if kind == "smtp": return await lines(r, w, [b"", b"HELO x\\r\\n", b"MAIL FROM:<a@x>\\r\\n", b"QUIT\\r\\n"], [b"\\r\\n"] * 4)
    return await lines(r, w, [b"hi\\n"] * 3, [b"hi\\n"] * 3)
async def main():
    go, left = asyncio.Event(), many
    def opened():
        nonlocal left
        left -= 1
        if left == 0: go.set()
    got = await asyncio.gather(*[one(kind, n, opened, go) for n in range(many)], return_exceptions=True)
    print(kind, sum(x is True for x in got), "of", many)
    bad = [x for x in got if x is not True]
    if bad: print(bad[0], file=sys.stderr)
asyncio.run(asyncio.wait_for(main(), 60))`;
const clients = { 'clients.py': CLIENTS };
const SSH = `ssh-keygen -q -t ed25519 -N '' -f host; ssh-keygen -q -t ed25519 -N '' -f key; sed -i "s|@|$PWD|" d.conf; root $(mkdir -p /run/sshd 2>/dev/null) >/dev/null || true
/usr/sbin/sshd -D -f "$PWD/d.conf" -E "$PWD/log" & d=$!; served 2222`;
const ZONE = '$TTL 60\n@ IN SOA a. b. 1 60 60 60 60\n@ IN NS a.\nh IN A 192.0.2.1\n';
/** 1,200 questions to a name server, from 40 clients at a time. What dig says of a packet that it waited for is no answer. */
const DIG = `printf 'h.example.test\\n%.0s' $(seq 20) >names
ask() { seq 60 | xargs -P 40 -I_ dig @127.0.0.1 -p 5300 +short $1 -f names >answers; grep -v '^;;' answers | sort | uniq -c; }
resolves() { [ "$(dig @127.0.0.1 -p 5300 +short +tries=1 +time=1 h.example.test)" = 192.0.2.1 ]; }`;

export const daemons = [
  {
    name: 'Redis with I/O threads, redis-benchmark -c 100',
    needs: ['redis-server', 'redis-benchmark'],
    script: `redis-server --port 6379 --bind 127.0.0.1 --io-threads 3 --io-threads-do-reads yes --appendonly yes >log & r=$!; served 6379
redis-benchmark -q -n 4000 -c 100 --threads 3 -t incr,lpush >bench; redis-cli get counter:__rand_int__; redis-cli llen mylist
redis-cli bgsave >/dev/null; redis-cli bgrewriteaof >/dev/null; sleep 1; stopped $r`,
  },
  {
    name: 'memcached -t 32, 1,000 clients',
    needs: ['memcached', 'python3'],
    files: clients,
    script: `memcached -u nobody -l 127.0.0.1 -p 11211 -t 32 -c 4096 & m=$!; served 11211
python3 clients.py memcached 11211 1000; stopped $m`,
  },
  {
    name: 'Mosquitto, 1,000 clients',
    needs: ['mosquitto', 'python3'],
    files: { ...clients, 'm.conf': 'listener 1883 127.0.0.1\nallow_anonymous true\n' },
    script: `mosquitto -c m.conf 2>log & m=$!; served 1883; python3 clients.py mqtt 1883 1000; stopped $m`,
  },
  {
    name: 'Mosquitto, 150 mosquitto_sub and one mosquitto_pub',
    needs: ['mosquitto', 'mosquitto_sub'],
    files: { 'm.conf': 'listener 1883 127.0.0.1\nallow_anonymous true\n' },
    script: `mosquitto -c m.conf 2>log & m=$!; served 1883; subs=
for i in $(seq 150); do mosquitto_sub -p 1883 -t t -C 1 >>got & subs="$subs $!"; done
mosquitto_pub -p 1883 -t t -r -m hi; wait $subs; wc -l <got; stopped $m`,
  },
  {
    name: 'NATS, 500 clients',
    needs: ['nats-server', 'python3'],
    files: clients,
    script: 'nats-server -a 127.0.0.1 -p 4222 2>log & n=$!; served 4222; python3 clients.py nats 4222 500; stopped $n',
  },
  {
    name: 'beanstalkd, 500 clients',
    needs: ['beanstalkd', 'python3'],
    files: clients,
    script:
      'beanstalkd -l 127.0.0.1 -p 11300 & b=$!; served 11300; python3 clients.py beanstalkd 11300 500; stopped $b',
  },
  {
    name: 'socat, a process for each of 120 clients',
    needs: ['socat', 'python3'],
    files: clients,
    script:
      'socat TCP-LISTEN:7000,bind=127.0.0.1,fork,reuseaddr,backlog=200 EXEC:cat & s=$!; served 7000; python3 clients.py echo 7000 120; stopped $s',
  },
  {
    name: 'RabbitMQ with MQTT, 300 clients',
    needs: ['rabbitmq-server', 'python3'],
    files: {
      ...clients,
      plugins: '[rabbitmq_mqtt].\n',
      'r.conf':
        'listeners.tcp.default = 127.0.0.1:5672\nmqtt.listeners.tcp.default = 127.0.0.1:1883\nmqtt.allow_anonymous = true\n',
    },
    script: `export RABBITMQ_MNESIA_BASE=$PWD/m RABBITMQ_LOG_BASE=$PWD/l RABBITMQ_NODENAME=r@localhost RABBITMQ_CONFIG_FILE=$PWD/r RABBITMQ_ENABLED_PLUGINS_FILE=$PWD/plugins RABBITMQ_PID_FILE=$PWD/pid RABBITMQ_GENERATED_CONFIG_DIR=$PWD/g ERL_EPMD_ADDRESS=127.0.0.1
rabbit=$(ls -d /usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin); $rabbit/rabbitmq-server >log 2>&1 & r=$!; served 1883 600
python3 clients.py mqtt 1883 300; stopped $r; epmd -kill >/dev/null 2>&1 || true`,
  },
  {
    name: 'ActiveMQ with STOMP, 200 clients',
    needs: ['java', 'python3', '/usr/share/activemq/bin/activemq.jar'],
    files: {
      ...clients,
      'broker.xml': `<beans xmlns="http://www.springframework.org/schema/beans" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="http://www.springframework.org/schema/beans http://www.springframework.org/schema/beans/spring-beans.xsd http://activemq.apache.org/schema/core http://activemq.apache.org/schema/core/activemq-core.xsd">
<broker xmlns="http://activemq.apache.org/schema/core" brokerName="b" dataDirectory="data" persistent="false" useJmx="false"><transportConnectors><transportConnector uri="stomp://127.0.0.1:61613"/></transportConnectors></broker></beans>`,
    },
    script: `java -XX:-UsePerfData -Dactivemq.home=/usr/share/activemq -Dactivemq.base="$PWD" -cp "/usr/share/activemq/lib/*:/usr/share/activemq/lib/optional/*:/usr/share/activemq/bin/activemq.jar" org.apache.activemq.console.Main start xbean:file:broker.xml >log 2>&1 & a=$!; served 61613 400
python3 clients.py stomp 61613 200; stopped $a`,
  },
  {
    name: 'PostgreSQL, pgbench -c 100 -j 8',
    needs: ['pgbench', 'pg_ctlcluster'],
    owner: 'postgres',
    script: `bin=$(ls -d /usr/lib/postgresql/*/bin | tail -1); export PGHOST=$PWD PGDATABASE=postgres PGUSER=p
(as postgres $bin/initdb -U p -N -D db >log); as postgres $bin/postgres -D db -c listen_addresses= -c unix_socket_directories="$PWD" -c max_connections=200 -c fsync=off 2>>log & p=$!
ready $bin/psql -c 'select 1'; $bin/pgbench -q -i 2>>log; $bin/pgbench -c 100 -j 8 -t 10 >>log 2>&1; $bin/psql -Atc 'select count(*) from pgbench_history'; stopped $p INT`,
  },
  {
    name: 'MariaDB, mariadb-slap with 300 connections',
    needs: ['mariadbd', 'mariadb-slap'],
    owner: 'mysql',
    container: 1024,
    build:
      'chmod 755 .; mariadb-install-db --no-defaults --auth-root-authentication-method=normal --datadir=$PWD/db --user=mysql >/dev/null 2>&1',
    script: `mariadbd --no-defaults --datadir="$PWD/db" $(root --user=mysql) --skip-networking --socket="$PWD/s" --pid-file="$PWD/p" --max-connections=400 --skip-grant-tables 2>log & m=$!
ready mariadb-admin --no-defaults -S s ping; mariadb-slap --no-defaults -S s -c 300 --number-of-queries 6000 --auto-generate-sql --auto-generate-sql-load-type=read --no-drop >slap
mariadb --no-defaults -S s -Ne "select count(*) from mysqlslap.t1; show global status like 'Aborted_clients'"; stopped $m`,
  },
  {
    name: 'Prometheus, scraped and asked by 100 clients',
    needs: ['prometheus', 'ab'],
    files: {
      'p.yml':
        'global: {scrape_interval: 1s}\nscrape_configs: [{job_name: p, static_configs: [{targets: ["127.0.0.1:9090"]}]}]\n',
    },
    script: `${AB}\nprometheus --config.file=p.yml --storage.tsdb.path=t --web.listen-address=127.0.0.1:9090 2>log & p=$!; ready curl -fs http://127.0.0.1:9090/-/ready
sleep 2; bench -l -n 2000 -c 100 'http://127.0.0.1:9090/api/v1/query?query=up'; curl -s 'http://127.0.0.1:9090/api/v1/query?query=up' | grep -o success; stopped $p`,
  },
  {
    name: 'BIND, 8 threads, 1,200 questions',
    needs: ['named', 'dig'],
    files: {
      zone: ZONE,
      'n.conf':
        'options { directory "."; listen-on port 5300 { 127.0.0.1; }; listen-on-v6 { none; }; pid-file "n.pid"; session-keyfile none; recursion no; };\ncontrols {};\nzone "example.test" { type primary; file "zone"; };\n',
    },
    script: `${DIG}\nnamed -g -n 8 -c n.conf 2>log & n=$!; ready resolves; ask +notcp; stopped $n`,
  },
  {
    name: 'Unbound, 16 threads, 1,200 questions over TCP',
    needs: ['unbound', 'dig'],
    files: {
      'u.conf':
        'server:\n num-threads: 16\n interface: 127.0.0.1\n port: 5300\n chroot: ""\n username: ""\n directory: "."\n pidfile: ""\n use-syslog: no\n do-daemonize: no\n incoming-num-tcp: 200\n local-zone: "example.test." static\n local-data: "h.example.test. A 192.0.2.1"\nremote-control:\n control-enable: no\n',
    },
    script: `${DIG}\nunbound -d -c u.conf 2>log & u=$!; ready resolves; ask +tcp; stopped $u`,
  },
  {
    name: 'dnsmasq, a process for each question over TCP',
    needs: ['dnsmasq', 'dig'],
    script: `${DIG}\ndnsmasq -k -p 5300 -C /dev/null --listen-address=127.0.0.1 --bind-interfaces --no-resolv --no-hosts --pid-file= --user=$(id -un) --address=/h.example.test/192.0.2.1 & d=$!; ready resolves; ask +tcp; stopped $d`,
  },
  {
    name: 'sshd, 30 sessions at once',
    needs: ['/usr/sbin/sshd', 'ssh'],
    files: {
      'd.conf':
        'Port 2222\nListenAddress 127.0.0.1\nHostKey @/host\nAuthorizedKeysFile @/key.pub\nStrictModes no\nUsePAM no\nPidFile none\nMaxStartups 100\n',
    },
    script: `${SSH}
ssh_() { ssh -F none -p 2222 -i key -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR 127.0.0.1 "$@"; }
jobs=; for i in $(seq 30); do ssh_ "sleep 0.5; echo $i" >>got & jobs="$jobs $!"; done; wait $jobs; sort -n got | md5sum; stopped $d`,
  },
  {
    name: 'parallel-ssh to 40 hosts',
    needs: ['/usr/sbin/sshd', 'parallel-ssh'],
    files: {
      'd.conf':
        'Port 2222\nListenAddress 0.0.0.0\nHostKey @/host\nAuthorizedKeysFile @/key.pub\nStrictModes no\nUsePAM no\nPidFile none\nMaxStartups 200\n',
    },
    script: `${SSH}
for i in $(seq 40); do echo 127.0.0.$i:2222; done >hosts
parallel-ssh -h hosts -p 40 -t 60 -O StrictHostKeyChecking=no -O UserKnownHostsFile=/dev/null -O LogLevel=ERROR -x "-F none -i $PWD/key" 'sleep 0.5' >log; grep -c SUCCESS log; stopped $d`,
  },
  {
    name: 'Dovecot, 60 IMAP sessions before the login',
    needs: ['dovecot', 'python3'],
    files: {
      ...clients,
      'v.conf':
        'base_dir = @/run\nstate_dir = @/run\nlog_path = @/log\nprotocols = imap\nlisten = 127.0.0.1\nssl = no\nservice imap-login {\n inet_listener imap {\n  port = 1143\n }\n inet_listener imaps {\n  port = 0\n }\n}\nservice stats {\n chroot =\n}\npassdb {\n driver = static\n args = nopassword=y\n}\nuserdb {\n driver = static\n args = uid=nobody gid=nogroup home=@/home\n}\n@USER',
    },
    script: `sed -i "s|@USER|$(root '' || printf 'default_internal_user = %s\\ndefault_login_user = %s\\ndefault_internal_group = %s\\n' "$(id -un)" "$(id -un)" "$(id -gn)" | tr '\\n' '~')|; s|@|$PWD|" v.conf; sed -i 's/~/\\n/g' v.conf
dovecot -F -c v.conf & d=$!; served 1143; python3 clients.py imap 1143 60; stopped $d`,
  },
  {
    name: 'Postfix, 50 SMTP sessions',
    isRootOnly: true,
    needs: ['postfix', 'python3'],
    files: clients,
    script: `mkdir pf q data; chown postfix data 2>/dev/null; cp /usr/share/postfix/main.cf.debian pf/main.cf; cp /usr/share/postfix/master.cf.dist pf/master.cf 2>/dev/null || cp /etc/postfix/master.cf pf/
sed -i 's/^smtp .*inet.*smtpd$/127.0.0.1:2525 inet n - n - 60 smtpd/' pf/master.cf
postconf -c pf -e queue_directory=$PWD/q data_directory=$PWD/data myhostname=x.example.test inet_interfaces=loopback-only maillog_file=$PWD/q/log maillog_file_prefixes=$PWD compatibility_level=3.6 smtpd_client_connection_count_limit=100
chmod 755 .; postfix -c $PWD/pf start-fg >log 2>&1 & p=$!; served 2525; python3 clients.py smtp 2525 50; stopped $p`,
  },
];
