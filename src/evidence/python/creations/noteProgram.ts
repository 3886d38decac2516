import { BpfAssembler } from './bpfAssembler.ts';
import { FRAME, NOTE, NOTE_BYTES, NOTED_FRAMES, PLACE } from './noteLayout.ts';

/** Helpers of the kernel, by their numbers (include/uapi/linux/bpf.h). `probe_read_user` is there since Linux 5.5. */
const MAP_LOOKUP = 1;
const MAP_UPDATE = 2;
const KTIME_GET_NS = 5;
const GET_CURRENT_PID_TGID = 14;
const PROBE_READ_USER = 112;

/** A clone without it has memory of its own: a fork. */
const CLONE_VM = 0x100;

/** The frame of the program: a key, a word that was read, and the note. A program has 512 bytes. */
const KEY = -8;
const WORD = -16;
const NOTE_AT = WORD - NOTE_BYTES;

export interface NoteMaps {
  /** What is known of a process, by its id (see `PLACE`). */
  readonly placesFd: number;
  /** What was noted, by the id of the new task (see `NOTE`). */
  readonly notesFd: number;
}

/** Where the fields of the tracepoint are. */
export interface NewTaskFields {
  readonly pid: number;
  readonly flags: number;
}

/**
 * The program that runs in the kernel at each creation of a task on the machine. For a process that it knows it notes the
 * frames of the thread that has the GIL, which is the maker: they lie on the heap, and the next call writes over them. It
 * ends with 1: with 0 the kernel would drop the record of the event for everybody (trace_call_bpf).
 */
export function noteProgram({ notesFd, placesFd }: NoteMaps, fields: NewTaskFields): Buffer {
  const program = new BpfAssembler();
  // R6: the raw data of the tracepoint; R8: what is known of the process; R7: where in its memory we are.
  program
    .move(6, 1)
    .call(GET_CURRENT_PID_TGID)
    .store64(10, NOTE_AT + NOTE.maker, 0);
  program.shiftRight(0, 32).store32(10, KEY, 0);
  program.setMap(1, placesFd).move(2, 10).add(2, KEY).call(MAP_LOOKUP);
  program.jumpIfEqual(0, 0, 'end').move(8, 0);
  for (let at = 0; at < NOTE_BYTES; at += 8) {
    if (at !== NOTE.maker) program.storeNumber64(10, NOTE_AT + at, 0);
  }
  program.call(KTIME_GET_NS).store64(10, NOTE_AT + NOTE.time, 0);
  program.load32(1, 6, fields.pid).store32(10, KEY, 1);
  knowForks(program, placesFd, fields);
  findLeaf(program);
  for (let frame = 0; frame < NOTED_FRAMES; frame += 1) noteFrame(program, NOTE.frames + frame * FRAME.bytes);
  program.label('note').setMap(1, notesFd).move(2, 10).add(2, KEY).move(3, 10).add(3, NOTE_AT).set(4, 0);
  return program.call(MAP_UPDATE).label('end').set(0, 1).exit().done();
}

/** In a process that was forked everything is where it is in its maker: it is known from its first moment on. */
function knowForks(program: BpfAssembler, placesFd: number, fields: NewTaskFields): void {
  program.load64(1, 6, fields.flags).and(1, CLONE_VM).jumpIfNotEqual(1, 0, 'no fork');
  program.setMap(1, placesFd).move(2, 10).add(2, KEY).move(3, 8).set(4, 0).call(MAP_UPDATE);
  program.label('no fork');
}

/** R7 becomes the leaf of the thread that has the GIL. Nothing is noted in a process with several interpreters. */
function findLeaf(program: BpfAssembler): void {
  program.load64(7, 8, PLACE.headAt);
  read(program, WORD, 8);
  program.load64(1, 10, WORD).load64(2, 8, PLACE.interpreter).jumpIfRegistersDiffer(1, 2, 'end');
  program.load64(7, 8, PLACE.holderAt);
  follow(program);
  program.jumpIfEqual(7, 0, 'end').store64(10, NOTE_AT + NOTE.state, 7);
  // The thread's id by the kernel, as the thread itself knows it.
  program.move(9, 7).load64(1, 8, PLACE.nativeId).addRegister(7, 1);
  read(program, NOTE_AT + NOTE.nativeId, 8);
  program.move(7, 9).load64(1, 8, PLACE.firstStep).addRegister(7, 1);
  follow(program);
  program.load64(1, 8, PLACE.secondStep).jumpIfEqual(1, PLACE.none, 'leaf').addRegister(7, 1);
  follow(program);
  program.label('leaf').store64(10, NOTE_AT + NOTE.leaf, 7);
}

/** Notes the frame at R7, and goes on to its caller. */
function noteFrame(program: BpfAssembler, at: number): void {
  program.jumpIfEqual(7, 0, 'note').move(9, 7);
  program.load64(1, 8, PLACE.code).addRegister(7, 1);
  read(program, NOTE_AT + at + FRAME.code, 8);
  program.move(7, 9).load64(1, 8, PLACE.instruction).addRegister(7, 1);
  read(program, NOTE_AT + at + FRAME.instruction, FRAME.tailBytes);
  program.move(7, 9).load64(1, 8, PLACE.previous).addRegister(7, 1);
  follow(program);
}

/** R7 becomes the word that it points to; 0 where nothing can be read. */
function follow(program: BpfAssembler): void {
  read(program, WORD, 8);
  program.load64(7, 10, WORD);
}

/** Reads bytes of the process at R7 into the frame of the program. What cannot be read becomes zeros. */
function read(program: BpfAssembler, at: number, bytes: number): void {
  program.move(1, 10).add(1, at).set(2, bytes).move(3, 7).call(PROBE_READ_USER);
}
