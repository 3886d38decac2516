// Web servers and proxies under the load of ab or wrk, and what runs applications behind them. See honestDaemons.mjs.

/** Runs ab and prints how many requests it made, and how many failed. */
export const AB = `bench() { ab -r -s 60 "$@" >ab.log 2>&1 || { tail -3 ab.log >&2; return 1; }; grep -E '^(Complete |Failed|Non-2xx)' ab.log; }`;
const http = { 'index.html': `${'x'.repeat(2000)}\n` };
const NGINX = `daemon off; worker_processes 8; pid nginx.pid; error_log error.log; events { worker_connections 2048; }
http { access_log off; aio threads; client_body_temp_path t; proxy_temp_path t; fastcgi_temp_path t; uwsgi_temp_path t; scgi_temp_path t;
server { listen 127.0.0.1:8080; root .; location ~ php$ { fastcgi_pass 127.0.0.1:9000; fastcgi_param SCRIPT_FILENAME $document_root$fastcgi_script_name; fastcgi_param REQUEST_METHOD $request_method; } } }
`;
const START_NGINX = 'nginx -p "$PWD" -e error.log -c nginx.conf & nginx=$!; served 8080';
const WSGI = `import time
def application(env, start):
    time.sleep(0.02)
    start("200 OK", [("Content-Type", "text/plain")])
    return [b"hi"]
`;

export const web = [
  {
    name: 'nginx, 8 workers with thread pools, ab -c 200',
    needs: ['nginx', 'ab'],
    files: { ...http, 'nginx.conf': NGINX },
    script: `${AB}\n${START_NGINX}; bench -n 6000 -c 200 http://127.0.0.1:8080/index.html; stopped $nginx`,
  },
  {
    name: 'nginx, wrk -t16 -c400',
    needs: ['nginx', 'wrk'],
    files: { ...http, 'nginx.conf': NGINX },
    script: `${START_NGINX}; wrk -t16 -c400 -d2s http://127.0.0.1:8080/index.html >log; grep -E 'Socket|Non-2xx' log || echo no errors; stopped $nginx`,
  },
  {
    name: 'Apache prefork, 256 workers, ab -c 250',
    needs: ['apache2', 'ab'],
    files: {
      'www/index.html': http['index.html'],
      'apache.conf': `ServerRoot \${PWD}\nServerName x\nListen 127.0.0.1:8080\nPidFile pid\nErrorLog error.log\nDocumentRoot \${PWD}/www
LoadModule mpm_prefork_module /usr/lib/apache2/modules/mod_mpm_prefork.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
DefaultRuntimeDir \${PWD}\nStartServers 200\nMinSpareServers 50\nMaxSpareServers 256\nServerLimit 256\nMaxRequestWorkers 256
User www-data\nGroup www-data\n<Directory />\nRequire all granted\n</Directory>\n`,
    },
    script: `${AB}\nexport PWD; setsid apache2 -d "$PWD" -f "$PWD/apache.conf" -DFOREGROUND & a=$!; served 8080
ready sh -c '[ "$(pgrep -c -P '$a')" -ge 200 ]'; bench -n 5000 -c 250 http://127.0.0.1:8080/index.html; stopped $a`,
  },
  {
    name: 'lighttpd, 16 workers, ab -c 200',
    needs: ['lighttpd', 'ab'],
    files: {
      ...http,
      'l.conf':
        'server.document-root = env.PWD\nserver.port = 8080\nserver.bind = "127.0.0.1"\nserver.max-worker = 16\nindex-file.names = ("index.html")\n',
    },
    script: `${AB}\nexport PWD; setsid lighttpd -D -f l.conf 2>log & l=$!; served 8080; bench -n 5000 -c 200 http://127.0.0.1:8080/index.html; stopped $l`,
  },
  {
    name: 'HAProxy, 16 threads before nginx, ab -c 200',
    needs: ['haproxy', 'nginx', 'ab'],
    files: {
      ...http,
      'nginx.conf': NGINX,
      'h.cfg':
        'global\n nbthread 16\n maxconn 1000\ndefaults\n mode http\n timeout connect 9s\n timeout client 30s\n timeout server 30s\nfrontend f\n bind 127.0.0.1:8081\n default_backend b\nbackend b\n server s 127.0.0.1:8080\n',
    },
    script: `${AB}\n${START_NGINX}; haproxy -W -db -f h.cfg 2>log & h=$!; served 8081; bench -n 5000 -c 200 http://127.0.0.1:8081/index.html; stopped $h; stopped $nginx`,
  },
  {
    name: 'Squid before nginx, ab -c 100',
    needs: ['squid', 'nginx', 'ab'],
    files: {
      ...http,
      'nginx.conf': NGINX,
      's.conf':
        'http_port 127.0.0.1:3128\nhttp_access allow all\ncache_dir ufs @/cache 20 4 4\naccess_log none\ncache_log @/cache.log\npid_filename @/squid.pid\ncoredump_dir @\nshutdown_lifetime 1 seconds\npinger_enable off\nvisible_hostname x\nlogfile_rotate 0\ncache_store_log none\n',
    },
    script: `${AB}\nsed -i "s|@|$PWD|" s.conf; mkdir cache; chmod 777 cache; ${START_NGINX}; squid -f s.conf -z -N 2>log; squid -f s.conf -N 2>>log & s=$!; served 3128
bench -n 3000 -c 100 -X 127.0.0.1:3128 http://127.0.0.1:8080/index.html; stopped $s; stopped $nginx`,
  },
  {
    name: 'Varnish, pools of 100 to 500 threads, before nginx, ab -c 200',
    needs: ['varnishd', 'nginx', 'ab'],
    container: 1024,
    files: { ...http, 'nginx.conf': NGINX },
    script: `${AB}\n${START_NGINX}; varnishd -F -j none -n "$PWD/v" -a 127.0.0.1:8081 -b 127.0.0.1:8080 -s malloc,20m -T none -p thread_pool_min=100 -p thread_pool_max=250 >log 2>&1 & v=$!; served 8081
bench -n 5000 -c 200 http://127.0.0.1:8081/index.html; stopped $v; stopped $nginx`,
  },
  {
    name: 'tinyproxy before nginx, ab -c 100',
    needs: ['tinyproxy', 'nginx', 'ab'],
    files: {
      ...http,
      'nginx.conf': NGINX,
      't.conf': 'Port 8888\nListen 127.0.0.1\nTimeout 60\nMaxClients 200\nLogFile "t.log"\n',
    },
    script: `${AB}\n${START_NGINX}; tinyproxy -d -c t.conf >log & t=$!; served 8888
bench -n 3000 -c 100 -X 127.0.0.1:8888 http://127.0.0.1:8080/index.html; stopped $t; stopped $nginx`,
  },
  {
    name: 'Gunicorn, 8 workers with 25 threads, ab -c 150',
    needs: ['gunicorn', 'ab'],
    files: { 'app.py': WSGI },
    script: `${AB}\ngunicorn -w 8 --threads 25 -b 127.0.0.1:8000 app:application 2>log & g=$!; served 8000
bench -n 3000 -c 150 http://127.0.0.1:8000/; stopped $g`,
  },
  {
    name: 'uWSGI, 16 processes with 8 threads, ab -c 120',
    needs: ['uwsgi', 'ab'],
    files: { 'app.py': WSGI },
    script: `${AB}\nuwsgi --plugin python3 --http-socket 127.0.0.1:8000 --master --die-on-term --processes 16 --threads 8 --listen 100 --wsgi-file app.py --disable-logging --logto log & u=$!; served 8000
bench -n 3000 -c 90 http://127.0.0.1:8000/; stopped $u`,
  },
  {
    name: 'Puma, 4 workers with 32 threads, ab -c 120',
    needs: ['puma', 'ab'],
    files: { 'config.ru': 'run lambda { |env| sleep 0.02; [200, {"Content-Type" => "text/plain"}, ["hi"]] }\n' },
    script: `${AB}\npuma -q -w 4 -t 32:32 -b tcp://127.0.0.1:8000 config.ru >log 2>&1 & p=$!; served 8000; sleep 1
bench -n 3000 -c 120 http://127.0.0.1:8000/; stopped $p`,
  },
  {
    name: 'php-fpm, 100 workers behind nginx, ab -c 100',
    needs: ['php-fpm8.2', 'nginx', 'ab'],
    files: {
      'nginx.conf': NGINX,
      'i.php': '<?php usleep(20000); echo "hi";',
      'fpm.conf':
        '[global]\nerror_log = log\ndaemonize = no\n[w]\nlisten = 127.0.0.1:9000\nlisten.backlog = 400\nuser = www-data\ngroup = www-data\npm = static\npm.max_children = 100\n',
    },
    script: `${AB}\n${START_NGINX}; php-fpm8.2 -y fpm.conf -p "$PWD" 2>err & f=$!; served 9000
bench -n 3000 -c 100 http://127.0.0.1:8080/i.php; stopped $f; stopped $nginx`,
  },
];
