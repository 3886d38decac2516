/* A program that behaves: it makes what it needs at once, tries nothing twice, and says what happened to it.
 *   honest threads|processes N MS
 * Prints "made M refused R interrupted I stopped S"; ends with 0 when all of it is M = N. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

static int ms;
static volatile int stopped;

static void *wait_there(void *arg) { usleep(ms * 1000); return arg; }
static void on_child(int signal, siginfo_t *info, void *context) {
  (void)signal; (void)context;
  if (info->si_code == CLD_STOPPED) stopped++;
}

/* A stop shows itself there: epoll_wait(2) is not begun again, whatever SA_RESTART says. */
static int interrupted(void) {
  struct epoll_event event;
  return epoll_wait(epoll_create1(0), &event, 1, ms) < 0 && errno == EINTR;
}

int main(int argc, char **argv) {
  int n = argc > 2 ? atoi(argv[2]) : 0, made = 0, refused = 0, broken = 0, status;
  ms = argc > 3 ? atoi(argv[3]) : 1000;
  alarm(30);
  if (!strcmp(argv[1], "threads")) {
    pthread_t *all = calloc(n, sizeof *all);
    pthread_attr_t small;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 65536);
    for (int i = 0; i < n; i++) pthread_create(&all[made], &small, wait_there, NULL) == 0 ? made++ : refused++;
    for (int i = 0; i < made; i++) pthread_join(all[i], NULL);
  } else {
    struct sigaction action = {.sa_sigaction = on_child, .sa_flags = SA_SIGINFO | SA_RESTART};
    sigaction(SIGCHLD, &action, NULL);
    for (int i = 0; i < n; i++) {
      pid_t pid = fork();
      if (pid == 0) _exit(interrupted());
      pid > 0 ? made++ : refused++;
    }
    while (wait(&status) > 0) broken += !WIFEXITED(status) || WEXITSTATUS(status) != 0;
  }
  printf("made %d refused %d interrupted %d stopped %d\n", made, refused, broken, stopped);
  return made != n || refused || broken || stopped;
}
