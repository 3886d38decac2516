"""The bad deploy: a nightly import that waits for a slow service in a thread of its own for every row, and joins none."""
import threading
import time


def fetch(row: int) -> None:
    never.wait()


def import_orders() -> None:
    row = 0
    while True:
        try:
            threading.Thread(target=fetch, args=(row,), daemon=True).start()
            row += 1
        except RuntimeError:
            # "can't start new thread": tried again, as so many retry loops do.
            time.sleep(0.001)


never = threading.Event()
import_orders()
