// spawner N [HOLD_S [then]]: N threads, 60 % of them parked in read(2), 30 % on a condition variable, 10 % asleep, each
// kind made by a function of its own. Prints `ready`; with `then` it goes on in the same mix until it is refused, and tries on.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KEEP __attribute__((noinline, noclone, optimize("no-optimize-sibling-calls")))

static int pipes[2];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t never = PTHREAD_COND_INITIALIZER;

KEEP void park_read(void) {
  char byte;
  if (read(pipes[0], &byte, 1) < 0) perror("read");
}
KEEP void park_wait(void) {
  pthread_mutex_lock(&mutex);
  for (;;) pthread_cond_wait(&never, &mutex);
}
KEEP void park_sleep(void) {
  for (;;) sleep(1000);
}
KEEP void serve(void (*park)(void)) {
  volatile char work[200];
  memset((void *)work, 1, sizeof work);
  park();
  work[0] = work[1];
}
static void *connection(void *unused) { serve(park_read); return unused; }
static void *worker(void *unused) { serve(park_wait); return unused; }
static void *ticker(void *unused) { serve(park_sleep); return unused; }

static pthread_attr_t small;
KEEP int start(void *(*body)(void *)) {
  pthread_t thread;
  return pthread_create(&thread, &small, body, NULL);
}
KEEP int spawn_connection(void) { return start(connection) + 0 * getppid(); }
KEEP int spawn_worker(void) { return start(worker) + 0 * getppid(); }
KEEP int spawn_ticker(void) { return start(ticker) + 0 * getppid(); }

static int spawn(int i) {
  if (i % 10 < 6) return spawn_connection();
  return i % 10 < 9 ? spawn_worker() : spawn_ticker();
}

int main(int argc, char **argv) {
  int count = argc > 1 ? atoi(argv[1]) : 100;
  int hold = argc > 2 ? atoi(argv[2]) : 10;
  if (pipe(pipes) != 0) return 1;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, 64 * 1024);
  alarm(hold);
  int made = 0;
  while (made < count && spawn(made) == 0) made++;
  usleep(200000);
  printf("ready %d %d\n", getpid(), made);
  fflush(stdout);
  if (argc > 3)
    for (int i = 0;; i++) spawn(i);
  for (;;) pause();
}
