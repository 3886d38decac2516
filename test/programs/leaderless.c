// leaderless N [HOLD_S]: N threads parked in read(2). The main thread prints `ready` and ends; they live on.
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define KEEP __attribute__((noinline, noclone))

static int pipes[2];

KEEP void park_read(void) {
  char byte;
  if (read(pipes[0], &byte, 1) < 0) perror("read");
}
static void *connection(void *unused) {
  park_read();
  return unused;
}

int main(int argc, char **argv) {
  int count = argc > 1 ? atoi(argv[1]) : 4;
  alarm(argc > 2 ? atoi(argv[2]) : 10);
  if (pipe(pipes) != 0) return 1;
  int made = 0;
  pthread_t thread;
  while (made < count && pthread_create(&thread, NULL, connection, NULL) == 0) made++;
  usleep(200000);
  printf("ready %d %d\n", getpid(), made);
  fflush(stdout);
  pthread_exit(NULL);
}
