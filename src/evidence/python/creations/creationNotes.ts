import type { Bpf } from '../../../sys/bpf.ts';
import type { PerfEvents } from '../../../sys/perfEvents.ts';
import { tracepointAttribute } from '../../creators/trace/attribute.ts';
import type { TaskRecord, Tracepoint } from '../../creators/trace/record.ts';
import { NOTE_BYTES, type Note, PLACE_BYTES, type Place, parseNote, placeBytes } from './noteLayout.ts';
import { noteProgram } from './noteProgram.ts';

/** Forks are known too, and one that is not asked for gives way. */
const MOST_PLACES = 256;
/** More than all rings together have records. */
const MOST_NOTES = 4096;
const ID_BYTES = 4;
/** A note is made in the same moment as its record. An older one belongs to a task that had the same id. */
const SAME_MOMENT_MS = 20;

/** The kernel, as far as notes need it. */
export interface NoteKernel {
  readonly bpf: Bpf;
  readonly perf: Pick<PerfEvents, 'open' | 'close'>;
  readonly newTask: Tracepoint;
  /** What the clock of the kernel shows when that of the records shows 0, in milliseconds. */
  readonly zeroMs: number;
}

/** What hangs in the kernel. */
interface Hung {
  readonly placesFd: number;
  readonly notesFd: number;
  readonly fds: readonly number[];
}

/**
 * What a program in the kernel notes at each creation of a task, for as many processes as there are. Nothing is loaded
 * until the first of them is known. Without CAP_BPF there are no notes.
 */
export class CreationNotes {
  readonly #kernel: NoteKernel;
  readonly #key = Buffer.alloc(ID_BYTES);
  readonly #note = Buffer.alloc(NOTE_BYTES);
  #hung: Hung | 'refused' | undefined;

  constructor(kernel: NoteKernel) {
    this.#kernel = kernel;
  }

  /** From now on the creations of a process are noted; false if the kernel does not let it. */
  watch(pid: number, place: Place): boolean {
    this.#hung ??= hang(this.#kernel) ?? 'refused';
    if (this.#hung === 'refused') return false;
    this.#key.writeInt32LE(pid);
    return this.#kernel.bpf.update(this.#hung.placesFd, this.#key, placeBytes(place));
  }

  /** What was noted at the creation that a record tells of. */
  noteOf({ atMs, task }: Pick<TaskRecord, 'atMs' | 'task'>): Note | undefined {
    if (this.#hung === undefined || this.#hung === 'refused') return undefined;
    this.#key.writeInt32LE(task);
    if (!this.#kernel.bpf.lookUp(this.#hung.notesFd, this.#key, this.#note)) return undefined;
    const note = parseNote(Buffer.from(this.#note));
    return Math.abs(note.atMs - this.#kernel.zeroMs - atMs) < SAME_MOMENT_MS ? note : undefined;
  }

  close(): void {
    if (this.#hung !== undefined && this.#hung !== 'refused') this.#kernel.perf.close(this.#hung.fds);
    this.#hung = 'refused';
  }
}

/**
 * The program hangs on an event of its own: one that is inherited would take it along when its task ends. The event needs
 * no ring, and where it is opened does not matter: the program runs at every hit of the tracepoint (perf_trace_run_bpf_submit).
 */
function hang({ bpf, newTask, perf }: NoteKernel): Hung | undefined {
  const fds: number[] = [];
  const opened = (fd: number): number => {
    // The event first: closing it takes longest.
    if (fd >= 0) fds.unshift(fd);
    return fd;
  };
  const [pid, flags] = [newTask.offsets.get('pid'), newTask.offsets.get('clone_flags')];
  const placesFd = opened(bpf.createMap({ keyBytes: ID_BYTES, valueBytes: PLACE_BYTES, mostEntries: MOST_PLACES }));
  const notesFd = opened(bpf.createMap({ keyBytes: ID_BYTES, valueBytes: NOTE_BYTES, mostEntries: MOST_NOTES }));
  if (placesFd >= 0 && notesFd >= 0 && pid !== undefined && flags !== undefined) {
    const programFd = opened(bpf.loadProgram(noteProgram({ notesFd, placesFd }, { flags, pid })));
    const eventFd = programFd < 0 ? -1 : opened(perf.open(tracepointAttribute({ id: newTask.id, stackBytes: 0 }), 0));
    if (eventFd >= 0 && bpf.hang(eventFd, programFd)) return { placesFd, notesFd, fds };
  }
  perf.close(fds);
  return undefined;
}
