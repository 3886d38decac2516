import java.util.concurrent.*;

/** Spawner N [HOLD_S [then]]: the same mix as spawner.c, in Java. Names hold quotes and newlines on purpose. */
public class Spawner {
  static final Object monitor = new Object();
  static final LinkedBlockingQueue<String> idle = new LinkedBlockingQueue<>();

  static void parkMonitor() {
    try { synchronized (monitor) { for (;;) monitor.wait(); } } catch (InterruptedException e) { }
  }
  static void parkQueue() {
    try { for (;;) idle.take(); } catch (InterruptedException e) { }
  }
  static void parkSleep() {
    try { for (;;) Thread.sleep(1000000); } catch (InterruptedException e) { }
  }
  static void start(Runnable body, String name) {
    Thread thread = new Thread(null, body, name, 64 * 1024);
    thread.setDaemon(true);
    thread.start();
  }
  static void spawnConnection(int i) { start(Spawner::parkMonitor, "conn-" + i + " \"quoted\" nid=7 x"); }
  static void spawnWorker(int i) { start(Spawner::parkQueue, "worker-" + i); }
  static void spawnTicker(int i) { start(Spawner::parkSleep, "ticker-" + i); }

  static void spawn(int i) {
    if (i % 10 < 6) spawnConnection(i);
    else if (i % 10 < 9) spawnWorker(i);
    else spawnTicker(i);
  }
  public static void main(String[] args) throws Exception {
    int count = args.length > 0 ? Integer.parseInt(args[0]) : 100;
    long end = System.currentTimeMillis() + 1000L * (args.length > 1 ? Integer.parseInt(args[1]) : 10);
    for (int i = 0; i < count; i++) spawn(i);
    Thread.sleep(200);
    System.out.println("ready " + ProcessHandle.current().pid() + " " + count);
    for (int i = 0; args.length > 2 && System.currentTimeMillis() < end; i++) {
      try { spawn(i); } catch (OutOfMemoryError e) { }
    }
    Thread.sleep(Math.max(0, end - System.currentTimeMillis()));
    Runtime.getRuntime().halt(0);
  }
}
