// Programs that end by themselves: shells, packers, converters, browsers.

/** 24 MB that do not compress to nothing, the same each time. */
const DATA = 'seq 1 3000000 >data; before=$(md5sum <data)';
const SAME = '[ "$(md5sum <back)" = "$before" ]; md5sum <back';
const packer = (tool, pack, unpack) => ({
  name: `${pack.split(' <')[0]}, and back`,
  needs: [tool],
  script: `${DATA}\n${pack}\n${unpack}\n${SAME}`,
});

export const tools = [
  {
    name: 'xargs -P 500 (360 in a container)',
    script: 'j=$((MANY > 500 ? 500 : MANY * 9 / 10)); printf "2\\n%.0s" $(seq $j) | xargs -P $j -n 1 sleep; echo $j',
  },
  {
    name: 'GNU parallel -j 50',
    needs: ['parallel'],
    script: 'seq 150 | parallel --will-cite -j 50 "sleep 0.5; echo {}" | sort -n | md5sum',
  },
  {
    name: 'stress-ng: 4 × cpu, fork, pthread (64 threads each), switch, pipe',
    needs: ['stress-ng'],
    script:
      'stress-ng --quiet --temp-path . --cpu 4 --fork 4 --pthread 4 --pthread-max 64 --switch 4 --pipe 4 -t 4; echo ok',
  },
  {
    name: 'a pipeline of 5 commands, 60 times, and 100 jobs of a shell',
    script:
      'for i in $(seq 60); do seq 500 | tr 1 2 | sort -u | sed s/2/x/ | wc -l; done | sort -u\nfor i in $(seq 100); do sleep 1 & done; wait; echo 100',
  },
  {
    name: 'find -exec, 300 files',
    script: 'mkdir t; for i in $(seq 300); do echo $i >t/$i; done; find t -type f -exec md5sum {} \\; | sort | md5sum',
  },
  {
    name: 'a job every 0.2 s, as cron starts them',
    script: 'for i in $(seq 60); do (sleep 1; echo $i >>done) & sleep 0.2; done; wait; sort -n done | md5sum',
  },
  {
    name: 'tmux, 30 windows',
    needs: ['tmux'],
    script: `tmux -S s -f /dev/null new-session -d 'sleep 3'
for i in $(seq 30); do tmux -S s new-window -d "sh -c 'sleep 1; echo $i >>$PWD/done'"; done
ready sh -c '[ "$(wc -l <done)" = 30 ]'; sort -n done | md5sum; tmux -S s kill-server`,
  },
  {
    name: 'git: 200 commits, clone, gc, fsck',
    needs: ['git'],
    script: `export GIT_AUTHOR_DATE='1700000000 +0000' GIT_COMMITTER_DATE='1700000000 +0000' GIT_CONFIG_GLOBAL=$PWD/gc
git config --global user.email a@example.org; git config --global user.name a; git config --global pack.threads 16
git init -q r; cd r; for i in $(seq 200); do echo $i >>f; git add f; git commit -q -m $i; done; cd ..
git clone -q --no-local r c; cd c; git gc -q --aggressive; git fsck 2>/dev/null; git rev-parse HEAD; git log --oneline | wc -l`,
  },
  packer('xz', 'xz -1 -T16 <data >packed', 'xz -d -T16 <packed >back'),
  packer('zstd', 'zstd -q -T16 <data >packed', 'zstd -q -d <packed >back'),
  packer('pigz', 'pigz -p 16 <data >packed', 'pigz -d <packed >back'),
  packer('pbzip2', 'pbzip2 -p16 <data >packed', 'pbzip2 -d -p16 <packed >back'),
  packer('7z', '7z a -bd -mx1 -mmt16 packed.7z data >log', 'mv data d; 7z x -bd -mmt16 packed.7z >log; mv data back'),
  {
    name: 'tar through xz -T0, 500 files',
    needs: ['tar', 'xz'],
    script: `mkdir t; for i in $(seq 500); do echo $i >t/$i; done; tar -c -I 'xz -T0' -f t.txz t; mkdir b; tar -x -J -f t.txz -C b; cat b/t/* | md5sum`,
  },
  {
    name: 'sort --parallel=16',
    script: 'seq 1500000 -1 1 | sort -n --parallel=16 | md5sum',
  },
  {
    name: 'SQLite, 12 writers of one file',
    needs: ['sqlite3'],
    script: `sqlite3 db 'create table t(n); pragma journal_mode=wal' >log
for i in $(seq 12); do (for j in $(seq 15); do sqlite3 -cmd '.timeout 60000' db "insert into t values($j)"; done) & done; wait
sqlite3 db 'select count(*), sum(n) from t'`,
  },
  {
    name: 'ffmpeg -threads 32',
    needs: ['ffmpeg'],
    script:
      'ffmpeg -v error -f lavfi -i testsrc=d=4:s=640x360 -threads 32 -c:v mpeg4 -y o.mp4; ffmpeg -v error -threads 16 -i o.mp4 -f null - && ffprobe -v error -count_frames -show_entries stream=nb_read_frames -of csv=p=0 o.mp4',
  },
  {
    name: 'rsync, 1,000 files',
    needs: ['rsync'],
    script:
      'mkdir a; for i in $(seq 1000); do echo $i >a/$i; done; rsync -a a/ b/; rsync -ac --delete a/ b/; cat b/* | md5sum',
  },
  {
    name: 'openssl speed -multi 16',
    needs: ['openssl'],
    script: 'openssl speed -multi 16 -seconds 1 sha256 >log 2>&1; echo $?',
  },
  {
    name: 'Chromium, headless',
    needs: ['chromium'],
    files: {
      'page.html': `<p>x${'<iframe src="data:text/html,<p>y"></iframe>'.repeat(6)}<script>for(let i=0;i<6;i++)new Worker(URL.createObjectURL(new Blob(['1'])))</script>`,
    },
    script:
      'chromium --headless --no-sandbox --disable-gpu --user-data-dir="$PWD/p" --dump-dom "file://$PWD/page.html" 2>err',
  },
  {
    name: 'LibreOffice, headless: a table to xlsx and back, a text to PDF',
    needs: ['soffice'],
    script: `seq 1 200 | sed 's/.*/&,x&,y&/' >t.csv; seq 1 300 >d.txt; office() { soffice --headless -env:UserInstallation=file://$PWD/lo "$@" >log 2>&1; }
office --convert-to xlsx t.csv; mv t.csv first.csv; office --convert-to csv t.xlsx; md5sum <t.csv; office --convert-to pdf d.txt; head -c 5 d.pdf`,
  },
];
