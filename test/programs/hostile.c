// Programs that lay traps for a guard that reads them with the rights of root. The last number is how many threads are parked.
//   hostile map FILE N             maps FILE as code
//   hostile fifo FILE N            the same; then FILE is removed, and a FIFO takes the place where a deleted file is looked for
//   hostile report DIR NAME TO N   writes DIR/NAME when it is asked for its report; once that was read, DIR becomes a link to TO
// A refused thread is tried again, so the program lives until it is ended. It prints "ready PID" when
// its trap is laid and three threads are there.
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *dir, *name, *to;
static char report[4096], aside[4096];
static volatile sig_atomic_t asked;

static void *park(void *arg) { (void)arg; for (;;) pause(); return NULL; }

static void make_threads(int n) {
  pthread_attr_t attr;
  pthread_attr_init(&attr);
  pthread_attr_setstacksize(&attr, 65536);
  for (int made = 0; made < n;) {
    pthread_t thread;
    if (pthread_create(&thread, &attr, park, NULL) == 0) made++;
    else usleep(20000);
    usleep(500);
  }
}

static void map_code(const char *file) {
  int fd = open(file, O_RDONLY);
  if (fd < 0 || mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) == MAP_FAILED) exit(2);
  close(fd);
}

static void on_signal(int signal) { (void)signal; asked = 1; }

static void *answer(void *arg) {
  (void)arg;
  char event[4096];
  while (!asked) usleep(1000);
  FILE *out = fopen(report, "w");
  // It takes a while to understand: that is when the directory is changed.
  fputs("{\"header\":{\"event\":\"Signal\"},\"javascriptStack\":{\"stack\":[\"at trap (/app/trap.js:1:1)\"]},\"workers\":[],\"pad\":[0", out);
  for (int i = 0; i < 60000; i++) fputs(",{\"a\":[1,\"xxxxxxxxxx\"]}", out);
  fputs("]}", out);
  int watch = inotify_init();
  inotify_add_watch(watch, report, IN_CLOSE_NOWRITE);
  fclose(out);
  if (read(watch, event, sizeof event) > 0 && rename(dir, aside) == 0) symlink(to, dir);
  return NULL;
}

int main(int argc, char **argv) {
  if (argc < 4) return 2;
  if (strcmp(argv[1], "report") == 0) {
    dir = argv[2];
    name = argv[3];
    to = argv[4];
    snprintf(report, sizeof report, "%s/%s", dir, name);
    snprintf(aside, sizeof aside, "%s.aside", dir);
    mkdir(dir, 0755);
    signal(SIGUSR2, on_signal);
    pthread_t thread;
    pthread_create(&thread, NULL, answer, NULL);
  } else {
    map_code(argv[2]);
    if (strcmp(argv[1], "fifo") == 0) {
      char deleted[4096];
      snprintf(deleted, sizeof deleted, "%s (deleted)", argv[2]);
      unlink(argv[2]);
      if (mkfifo(deleted, 0644) != 0) return 2;
    }
  }
  int n = atoi(argv[argc - 1]), first = n < 3 ? n : 3;
  make_threads(first);
  printf("ready %d\n", getpid());
  fflush(stdout);
  make_threads(n - first);
  for (;;) pause();
}
