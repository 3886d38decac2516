import type { FrameReader, MakerProcess } from '../../creators/makers/frameReader.ts';
import { readWord } from '../../creators/trace/record.ts';
import { CodeObjects } from '../codeObjects.ts';
import { PythonObjects } from '../objects.ts';
import type { PythonRuntime } from '../runtime.ts';
import { CopiedFrames } from './copiedFrames.ts';
import { EvalFrames } from './evalFrames.ts';
import { Rounds } from './rounds.ts';

const LEAST_ADDRESS = 65_536;
const MOST_ADDRESS = 2 ** 47;
const MOST_KNOWN = 4_096;
/** Of an object: its type. */
const TYPE = 8;

/** The frames of CPython 3.8 to 3.10, from the copied stack; `undefined` for an interpreter that exports too little. */
export function openStackFrames(
  { native: { memory, source } }: MakerProcess,
  { exported, layout }: PythonRuntime,
): FrameReader | undefined {
  const codeType = exported('PyCode_Type');
  const loop = exported('_PyEval_EvalFrameDefault');
  if (codeType === undefined || loop === undefined) return undefined;
  const codes = new CodeObjects(memory, layout, new PythonObjects(memory, layout));
  const known = new Map<number, number>();
  const rounds = new Rounds();
  let round = 0;
  const isCode = (address: number): boolean => {
    if (known.get(address) === round) return true;
    if (!(address >= LEAST_ADDRESS && address < MOST_ADDRESS) || address % 8 !== 0) return false;
    const type = memory.read(address + TYPE, 8);
    // The process may have ended: what was code is still told of.
    if (type?.length !== 8) return known.has(address);
    if (readWord(type, 0) !== codeType) {
      known.delete(address);
      return false;
    }
    if (known.size >= MOST_KNOWN) known.clear();
    known.set(address, round);
    return true;
  };
  const copied = new CopiedFrames(codes, new EvalFrames(loop, source.ruleAt), isCode);
  return {
    framesOf: (caught) => {
      if (rounds.isNew(caught.record.atMs)) {
        codes.renew();
        copied.renew();
        round += 1;
      }
      return copied.framesOf(caught);
    },
  };
}
