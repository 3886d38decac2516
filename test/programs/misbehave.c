/* Programs that misbehave, one mode each, bounded in number and in time wherever they run.
 *   misbehave MODE [MAX [SECONDS]]
 * Ends by alarm after SECONDS (default 15) whatever happens, its descendants at the same moment. MAX bounds what one process makes, the cgroup around it the rest. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int seconds = 15;
static time_t deadline;
static volatile int spinning = 1, ready;

/* A child ends when its first ancestor would have: a bomb that renews its time by forking never ends. */
static void bounded(void) {
  time_t left = deadline - time(NULL);
  if (left <= 0) _exit(0);
  alarm(left);
}

static void *park(void *arg) { for (;;) pause(); return arg; }
static void *spin(void *arg) { (void)arg; while (spinning) {} return NULL; }
static void *brief(void *arg) { usleep(1000000); return arg; }
static void *nothing(void *arg) { return arg; }

static int make_thread(void *(*body)(void *)) {
  pthread_attr_t attr;
  pthread_t thread;
  pthread_attr_init(&attr);
  pthread_attr_setstacksize(&attr, 65536);
  return pthread_create(&thread, &attr, body, NULL);
}

/* Threads as fast as they can be made; refused, it tries again for ever. */
static void threads(long max, void *(*body)(void *), useconds_t pause_us) {
  long made = 0;
  for (;;) {
    if (made < max && make_thread(body) == 0) { made++; if (pause_us) usleep(pause_us); }
    else usleep(200);
  }
}

/* Every process forks until it is ended: the classic. */
static void forks(long max, int new_session) {
  long made = 0;
  for (;;) {
    if (made++ >= max) { usleep(1000); continue; }
    pid_t pid = fork();
    if (pid == 0) { bounded(); if (new_session) setsid(); made = 0; }
    else if (pid < 0) usleep(500);
  }
}

/* Daemons: each child forks a grandchild and exits at once, so nobody is anybody's parent for long. */
static void daemons(long max) {
  for (long made = 0;; made++) {
    if (made >= max) { usleep(1000); continue; }
    pid_t pid = fork();
    if (pid == 0) {
      setsid();
      if (fork() == 0) { bounded(); for (;;) pause(); }
      _exit(0);
    }
    if (pid > 0) waitpid(pid, NULL, 0); else usleep(500);
  }
}

/* What a cost to the child is measured by: its own time, without the start of whatever is around it. */
static int took(struct timespec from) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  printf("%.3f\n", (now.tv_sec - from.tv_sec) * 1e3 + (now.tv_nsec - from.tv_nsec) / 1e6);
  return 0;
}

/* Spins once all of the others are there, too: 1,500 that spin from birth take minutes to be made. */
static void *spin_later(void *arg) { (void)arg; while (!ready) usleep(20000); while (spinning) {} return NULL; }

int main(int argc, char **argv) {
  const char *mode = argc > 1 ? argv[1] : "";
  long max = argc > 2 ? atol(argv[2]) : 1000000;
  if (argc > 3) seconds = atoi(argv[3]);
  deadline = time(NULL) + seconds;
  alarm(seconds);

  if (!strcmp(mode, "thread")) threads(max, park, 0);
  if (!strcmp(mode, "spin")) threads(max, spin, 0);
  if (!strcmp(mode, "spin-all")) {
    for (long made = 0; made < max;) if (make_thread(spin_later) == 0) made++;
    ready = 1;
    for (;;) pause();
  }
  if (!strcmp(mode, "slow")) threads(max, park, 2000);
  if (!strcmp(mode, "stubborn")) { signal(SIGTERM, SIG_IGN); threads(max, park, 0); }
  if (!strcmp(mode, "fork")) forks(max, 0);
  if (!strcmp(mode, "setsid")) forks(max, 1);
  if (!strcmp(mode, "daemon")) daemons(max);
  if (!strcmp(mode, "staircase"))
    for (long made = 0;;) { for (int i = 0; i < 100 && made < max; i++) if (make_thread(park) == 0) made++; usleep(100000); }
  if (!strcmp(mode, "rename"))
    for (long made = 0;; made++) {
      prctl(PR_SET_NAME, made % 2 ? ") R 1 \n[31m" : "x\ny");
      if (made < max) make_thread(park); else usleep(1000);
    }
  if (!strcmp(mode, "exec-chain")) {
    if (fork() == 0) { bounded(); for (;;) pause(); }
    char left[32], secs[32];
    snprintf(left, sizeof left, "%ld", max - 1);
    snprintf(secs, sizeof secs, "%ld", (long)(deadline - time(NULL)));
    if (max > 0) execl(argv[0], argv[0], mode, left, secs, NULL);
    for (;;) pause();
  }
  if (!strcmp(mode, "map"))
    for (long made = 0;; made++) {
      /* Neighbours with different rights do not merge: every page is a map of its own. */
      if (made >= max || mmap(NULL, 4096, made % 2 ? PROT_READ : PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED)
        usleep(1000);
    }
  if (!strcmp(mode, "hold")) { for (long i = 0; i < max; i++) make_thread(park); for (;;) pause(); }
  if (!strcmp(mode, "pulse")) { for (long i = 0; i < max; i++) make_thread(brief); sleep(seconds - 1); return 0; }
  if (!strcmp(mode, "burst")) {
    /* An honest pool: fills at once, counts what it was refused, ends. */
    long refused = 0;
    for (long i = 0; i < max; i++) if (make_thread(park) != 0) refused++;
    printf("refused %ld\n", refused);
    return 0;
  }
  struct timespec from;
  clock_gettime(CLOCK_MONOTONIC, &from);
  if (!strcmp(mode, "churn")) {
    for (long i = 0; i < max; i++) { pthread_t t; if (pthread_create(&t, NULL, nothing, NULL) == 0) pthread_join(t, NULL); }
    return took(from);
  }
  if (!strcmp(mode, "mapchurn")) {
    for (long i = 0; i < max; i++) { void *p = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); munmap(p, 4096); }
    return took(from);
  }
  fprintf(stderr, "misbehave: unknown mode %s\n", mode);
  return 2;
}
