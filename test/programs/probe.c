/* Reports what a wrapper left of the world, one fact a line, for the differential tests.
 *   probe state                      what it was started with
 *   probe signals COUNT MILLISECONDS counts the signals that arrive until COUNT or the time is over
 *   probe die SIGNAL | exit CODE */
#define _GNU_SOURCE
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static void state(void) {
  char cwd[4096], line[256];
  printf("cwd %s\n", getcwd(cwd, sizeof cwd));
  printf("umask %o\n", umask(0));
  FILE *status = fopen("/proc/self/status", "r");
  while (status && fgets(line, sizeof line, status))
    if (!strncmp(line, "SigBlk", 6) || !strncmp(line, "SigIgn", 6) || !strncmp(line, "NoNewPrivs", 10)) fputs(line, stdout);
  if (status) fclose(status);
  for (int r = 0; r < RLIM_NLIMITS; r++) {
    struct rlimit limit;
    if (getrlimit(r, &limit) == 0) printf("rlimit %d %llu %llu\n", r, (unsigned long long)limit.rlim_cur, (unsigned long long)limit.rlim_max);
  }
  printf("policy %d nice %d\n", sched_getscheduler(0), getpriority(PRIO_PROCESS, 0));
  DIR *fds = opendir("/proc/self/fd");
  int dir_fd = dirfd(fds);
  for (struct dirent *e; (e = readdir(fds));)
    if (e->d_name[0] != '.' && atoi(e->d_name) != dir_fd) printf("fd %s\n", e->d_name);
  closedir(fds);
  int count = 0;
  while (environ[count]) count++;
  char **sorted = malloc(sizeof(char *) * count);
  memcpy(sorted, environ, sizeof(char *) * count);
  qsort(sorted, count, sizeof(char *), by_name);
  for (int i = 0; i < count; i++) printf("env %s\n", sorted[i]);
}

int main(int argc, char **argv) {
  if (argc > 1 && !strcmp(argv[1], "state")) { state(); return 0; }
  if (argc > 2 && !strcmp(argv[1], "exit")) return atoi(argv[2]);
  if (argc > 2 && !strcmp(argv[1], "die")) { raise(atoi(argv[2])); pause(); }
  if (argc > 3 && !strcmp(argv[1], "signals")) {
    sigset_t all;
    sigfillset(&all);
    sigdelset(&all, SIGCHLD);
    sigprocmask(SIG_BLOCK, &all, NULL);
    printf("ready\n");
    fflush(stdout);
    long left = atol(argv[3]);
    struct timespec start, now, wait = {0, 20000000};
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (int seen = 0; seen < atoi(argv[2]);) {
      siginfo_t info;
      int signal = sigtimedwait(&all, &info, &wait);
      if (signal > 0) { printf("signal %d\n", signal); fflush(stdout); seen++; }
      clock_gettime(CLOCK_MONOTONIC, &now);
      if ((now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / 1000000 > left) break;
    }
    return 0;
  }
  return 2;
}
