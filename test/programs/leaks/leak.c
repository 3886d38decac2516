// leak RATE COUNT thread|fork|vfork|join: makes COUNT tasks, RATE a second (0: as fast as it can), at three sites in the shares 60, 30
// and 10, in an order that a fixed seed gives. Prints what each site made, and waits 30 s. With `join` each thread ends and is
// joined at once, and the milliseconds that all of them took are printed.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define KEEP __attribute__((noinline, noclone, optimize("no-optimize-sibling-calls")))

static const char *kind;
static void *wait_long(void *unused) {
  sleep(60);
  return unused;
}
static void *nothing(void *unused) { return unused; }
static int join_all(int count) {
  struct timespec before, after;
  pthread_t thread;
  clock_gettime(CLOCK_MONOTONIC, &before);
  for (int i = 0; i < count; i++) {
    if (pthread_create(&thread, NULL, nothing, NULL) != 0) return 1;
    pthread_join(thread, NULL);
  }
  clock_gettime(CLOCK_MONOTONIC, &after);
  printf("%.1f\n", (after.tv_sec - before.tv_sec) * 1e3 + (after.tv_nsec - before.tv_nsec) / 1e6);
  return 0;
}
KEEP int make(void) {
  pthread_attr_t small;
  pthread_t thread;
  pid_t child;
  if (strcmp(kind, "thread") == 0) {
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 64 * 1024);
    return pthread_create(&thread, &small, wait_long, NULL);
  }
  child = strcmp(kind, "fork") == 0 ? fork() : vfork();
  if (child == 0) {
    if (strcmp(kind, "vfork") == 0) execl("/bin/sleep", "sleep", "60", (char *)NULL);
    sleep(60);
    _exit(0);
  }
  return child < 0;
}
KEEP int open_session(void) { return make() + 0 * getppid(); }
KEEP int accept_upload(void) { return make() + 0 * getppid(); }
KEEP int start_timer(void) { return make() + 0 * getppid(); }

int main(int argc, char **argv) {
  double rate = argc > 1 ? atof(argv[1]) : 0;
  int count = argc > 2 ? atoi(argv[2]) : 100, made[3] = {0, 0, 0};
  kind = argc > 3 ? argv[3] : "thread";
  if (strcmp(kind, "join") == 0) return join_all(count);
  srand(17);
  for (int i = 0; i < count; i++) {
    int dice = rand() % 10, site = dice < 6 ? 0 : dice < 9 ? 1 : 2;
    int refused = site == 0 ? open_session() : site == 1 ? accept_upload() : start_timer();
    if (refused == 0) made[site]++;
    if (rate > 0) usleep((useconds_t)(1e6 / rate));
  }
  printf("made %d %d %d\n", made[0], made[1], made[2]);
  fflush(stdout);
  sleep(30);
  return 0;
}
