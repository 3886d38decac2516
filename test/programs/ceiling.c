/* A probe that is driven into a ceiling on purpose: it makes one more of a kind until that is refused.
 *   ceiling KIND [STACK_KIB] [BEFORE] [PAD]
 * KIND: threads, fork, mmap, split (mprotect in the middle), tasks (raw CLONE_VM: cheap in a lab's kernel).
 * First it makes BEFORE threads and PAD maps, says "ready PID" and waits for a line on stdin. Then it goes on until it is refused
 * and says "made N errno E"; what it made is held until one more line, or the end of stdin. Progress every 4, for those that end in a kill. */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void *parked(void *arg) { (void)arg; for (;;) pause(); return NULL; }
static int parked_task(void *arg) { (void)arg; for (;;) syscall(SYS_pause); return 0; }

static pthread_attr_t attr;
static pid_t last;

static int make(const char *kind) {
  if (!strcmp(kind, "threads")) {
    pthread_t thread;
    return pthread_create(&thread, &attr, parked, NULL);
  }
  if (!strcmp(kind, "fork")) {
    last = fork();
    if (last == 0) { close(0); for (;;) pause(); }
    return last < 0 ? errno : 0;
  }
  if (!strcmp(kind, "tasks")) {
    /* The dynamic linker needs 3 KiB of stack to bind a function at its first call. */
    static char stacks[6000][8192] __attribute__((aligned(16)));
    static int next;
    return clone(parked_task, stacks[next++] + 8192, CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD, NULL) < 0 ? errno : 0;
  }
  if (!strcmp(kind, "mmap")) {
    static int turn;
    /* Neighbours of unlike rights never merge. */
    return mmap(NULL, 4096, turn++ % 2 ? PROT_READ : PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? errno : 0;
  }
  if (!strcmp(kind, "split")) {
    static char *at;
    if (!at) at = mmap(NULL, 1ul << 30, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    at += 8192;
    return mprotect(at, 4096, PROT_NONE) ? errno : 0;
  }
  return EINVAL;
}

int main(int argc, char **argv) {
  const char *kind = argc > 1 ? argv[1] : "threads";
  long stack = argc > 2 ? atol(argv[2]) : 0, before = argc > 3 ? atol(argv[3]) : 0, pad = argc > 4 ? atol(argv[4]) : 0;
  setpgid(0, 0); /* its end is the end of all that it made, and of nobody else */
  pthread_attr_init(&attr);
  if (stack > 0) pthread_attr_setstacksize(&attr, stack << 10);
  alarm(120);
  signal(SIGCHLD, SIG_DFL);
  for (long i = 0; i < before; i++) make("threads");
  for (long i = 0; i < pad; i++) make("mmap");
  printf("ready %d\n", getpid());
  fflush(stdout);
  char line[8];
  if (read(0, line, sizeof line) <= 0) return 1;
  long made = 0;
  int error;
  while ((error = make(kind)) == 0) {
    made++;
    if (made % 4 == 0) { char text[32]; int n = snprintf(text, sizeof text, "so far %ld\n", made); if (write(1, text, n) < 0) return 1; }
  }
  fprintf(stderr, "%s: %s\n", !strcmp(kind, "threads") ? "pthread_create" : !strcmp(kind, "split") ? "mprotect" : !strcmp(kind, "tasks") ? "clone" : kind, strerror(error));
  printf("made %ld errno %s\n", made, strerrorname_np(error));
  fflush(stdout);
  if (read(0, line, sizeof line) < 0) return 1;
  /* Children are reaped here: as orphans they would hold their tasks until PID 1 gets to them. */
  signal(SIGTERM, SIG_IGN);
  kill(0, SIGTERM);
  while (wait(NULL) > 0) {}
  _exit(0);
}
